from django.db import migrations, models

from classification.online import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ("batches", "0007_retention"),
    ]

    operations = [
        AddCheck(
            model_name="batch",
            constraint=models.CheckConstraint(condition=models.Q(("carry_overs__gte", 0)), name="batch_carry_overs_counted"),
        ),
    ]
