"""What nobody reads any more is deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from batches import housekeeping

pytestmark = pytest.mark.django_db


class TestHousekeeping:
    def test_old_tasks_are_forgotten(self, settings: Any) -> None:
        for days in (1, 40):
            at = timezone.now() - timedelta(days=days)
            Task.objects.create(id=str(days), name="x", func="x", started=at, stopped=at, success=False)
        housekeeping.prune()
        assert list(Task.objects.values_list("id", flat=True)) == ["1"]

    def test_a_queue_that_nobody_reads_is_emptied(self, settings: Any) -> None:
        OrmQ.objects.create(key="sms", payload="x", lock=timezone.now())
        housekeeping.prune()
        assert OrmQ.objects.count() == 1
        settings.Q_CLUSTER = {name: value for name, value in settings.Q_CLUSTER.items() if name != "orm"}
        housekeeping.prune()
        assert OrmQ.objects.count() == 0
