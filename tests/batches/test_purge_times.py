"""When texts are emptied: by a channel's days, by the schedule, by hand."""

from typing import Any

import pytest
from django.core.management import CommandError
from django_q.models import Schedule

from batches import schedules, tasks
from batches.admin.channels import OWN_FIELDS
from batches.models import Batch, Channel
from batches.retention import purging
from batches.retention.purging import purge_all
from tests.batches.test_purge_messages import document, run
from tests.batches.traces import SECRET, holding, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_spool")]


class TestWhen:
    @pytest.mark.parametrize(
        ("site", "channel", "days", "purged"),
        [(0, None, 999, 0), (9, None, 10, 1), (9, None, 8, 0), (9, 20, 10, 0), (0, 9, 10, 1), (9, 0, 999, 0)],
    )
    def test_each_channel_has_its_days(
        self, settings: Any, site: int, channel: int | None, days: int, purged: int
    ) -> None:
        settings.MESSAGE_KEEP_DAYS = site
        told(days=days)
        Channel.objects.update(keep_days=channel)
        assert document()["batches"] == purged

    def test_other_channels_keep_theirs(self) -> None:
        told()
        Channel.objects.create(slug="other")
        assert document("--older-than", "9d", "--channel", "other")["batches"] == 0
        assert holding(SECRET)

    def test_the_schedule_does_it(self, settings: Any) -> None:
        settings.MESSAGE_KEEP_DAYS = 9
        told()
        schedules.sync()
        assert Schedule.objects.get(func="batches.tasks.purge_messages").cluster == "sms"
        assert tasks.purge_messages() == 1
        assert holding(SECRET) == []

    def test_the_schedule_stops_in_time(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.MESSAGE_KEEP_DAYS = 9
        told()
        monkeypatch.setattr(purging, "SCHEDULED_SECONDS", 0)
        assert purge_all() == 0
        assert holding(SECRET)

    @pytest.mark.parametrize("days", [999_999, 2_000_000_000])
    def test_more_days_than_a_page_takes_stop_no_other_channel(self, days: int) -> None:
        told()
        Channel.objects.update(keep_days=days)
        Batch.objects.update(channel=Channel.objects.create(slug="later", keep_days=9))
        assert purge_all() == 1

    def test_without_a_setting_the_schedule_does_nothing(self) -> None:
        told(days=9999)
        assert tasks.purge_messages() == 0

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            (["--older-than", "30m"], "the last hour"),
            (["--older-than", "soon"], "no time span"),
            (["--older-than", "999999d"], "too long; 36500d at most"),
            (["--channel", "no"], "there is no channel 'no'"),
        ],
    )
    def test_it_explains_what_it_cannot_do(self, arguments: list[str], problem: str) -> None:
        with pytest.raises(CommandError, match=problem):
            run(*arguments)

    def test_the_channels_page_has_the_days(self) -> None:
        assert "keep_days" in OWN_FIELDS
