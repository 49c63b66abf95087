# Beside those who write, each step in a transaction of its own. What is interrupted can be tried again.

from django.db import migrations, models

from classification.online import AddIndexOnline, ValidateCheck


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("batches", "0008_carry_overs"),
    ]

    operations = [
        ValidateCheck(model_name="batch", name="batch_outcome_known"),
        ValidateCheck(model_name="batch", name="batch_carry_overs_counted"),
        ValidateCheck(model_name="batchevent", name="event_kind_known"),
        AddIndexOnline(
            model_name="batch",
            index=models.Index(condition=models.Q(("successor__isnull", False)), fields=["successor"], name="batch_carried_over"),
        ),
    ]
