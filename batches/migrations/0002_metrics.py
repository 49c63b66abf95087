"""The row that /metrics counts in. Counting begins with what happens from here on: see batches/metrics/counting.py."""

from typing import Any

from django.db import migrations, models
from django.db.models import Max


def begin(apps: Any, schema_editor: Any) -> None:
    newest = apps.get_model("batches", "BatchEvent").objects.aggregate(newest=Max("id"))["newest"] or 0
    apps.get_model("batches", "Tally").objects.create(pk=1, counted_id=newest, seen_id=newest)


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counted_id", models.BigIntegerField(help_text="The last event that is in the figures.")),
                ("seen_id", models.BigIntegerField(help_text="The newest event at the last look.")),
                (
                    "seen_transaction",
                    models.BigIntegerField(default=0, help_text="The next transaction's number at that look."),
                ),
                ("figures", models.JSONField(default=dict)),
            ],
            options={"verbose_name_plural": "tally"},
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
