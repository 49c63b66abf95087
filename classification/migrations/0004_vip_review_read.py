# Beside those who write: nothing else in its transaction holds the table.

from django.db import migrations

from classification.online import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ("classification", "0003_policy"),
    ]

    operations = [
        ValidateCheck(model_name="classification", name="classification_review_known"),
    ]
