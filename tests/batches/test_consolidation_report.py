"""What consolidation did in a period."""

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from batches.models import Batch, Channel, RejectedDelivery
from batches.reporting import gathering
from batches.reporting.figures import Spread
from batches.spreadsheet import BOM
from classification.models import Classification
from replies.models import Reply, ReplyAttempt, ReplyKind, ReplyStatus
from tests.batches.test_bill import UNSURE
from tests.batches.test_replay import recorded
from tests.support.commands import as_json, printed

run = partial(printed, "consolidation_report")
document = partial(as_json, "consolidation_report")

pytestmark = pytest.mark.django_db


def attempt(engine: str, code: str = "", tokens: int | None = None) -> dict[str, Any]:
    model = "m" if engine == "openai" else ""
    return {"engine": engine, "model": model, "code": code, "latency_ms": 250, "input_tokens": tokens}


def reply(batch: Batch, kind: ReplyKind, status: ReplyStatus, **fields: Any) -> None:
    Reply.objects.create(
        batch=batch, kind=kind, status=status, to="x", body="x", segments=1, provider="memory", **fields
    )


@pytest.fixture
def day() -> None:
    """Three conversations of the last hour."""
    one = recorded("Yes", "see you", "thanks", days=0.01, attempts=[attempt("openai")])
    reply(one, ReplyKind.AUTOMATIC, ReplyStatus.SENT)
    reply(one, ReplyKind.CORRECTION, ReplyStatus.UNKNOWN)
    failed = [attempt("openai", "timeout"), attempt("rules")]
    other = recorded(UNSURE, label="neutral", days=0.01, engine="rules", cost=None, attempts=failed)
    reply(other, ReplyKind.AUTOMATIC, ReplyStatus.SUPPRESSED, reason="sender_per_hour")
    unasked = [attempt("openai", code) for code in ("circuit_open", "no_key", "ceiling")]
    recorded("No", label="undecided", days=0.01, engine="", cost=Decimal("0.5"), attempts=unasked)


@pytest.mark.usefixtures("day")
class TestCounts:
    def test_json(self) -> None:
        found = document()
        assert (found["batches"], found["settled"], found["messages"], found["messages_per_batch"]) == (
            3,
            3,
            5,
            1.667,
        )
        assert found["sizes"] == {"1": 2, "3": 1}
        assert found["verdicts"] == {"openai": 1, "rules": 1, "nobody": 1}
        assert found["labels"] == {"agree": 1, "neutral": 1, "undecided": 1}
        assert found["outcomes"] == {"replied": 3}
        assert found["replies"] == {"automatic": {"sent": 1, "suppressed": 1}, "correction": {"unknown": 1}}
        assert found["suppressed"] == {"sender_per_hour": 1}
        assert found["errors"] == dict.fromkeys(
            ("openai: timeout", "openai: circuit_open", "openai: no_key", "openai: ceiling"), 1
        )
        assert found["channel"] is None
        assert found["bill"] is None

    def test_it_tells_what_a_call_a_message_would_have_cost(self) -> None:
        """Three messages with a call, one with a call that failed; the third conversation asked nobody."""
        calls = document()["model_calls"]
        assert (calls["with"], calls["without"], calls["fewer"]) == (2, 4, 0.5)
        assert (calls["cost"], calls["cost_without"], calls["saved"]) == (0.501, 0.503, 0.002)
        assert (calls["currency"], calls["without_price"]) == ("USD", 0)

    def test_it_counts_calls_that_were_billed_and_have_no_price(self) -> None:
        recorded("Yes", days=0.01, cost=None, attempts=[attempt("openai", tokens=7)])
        assert document()["model_calls"]["without_price"] == 1
        Classification.objects.all()._raw_delete("default")
        recorded("Yes", days=0.01, cost=None, attempts=[attempt("openai", tokens=7)])
        assert document()["model_calls"]["cost"] is None
        assert "no price known" in run()

    def test_it_tells_what_a_reply_a_message_would_have_cost(self, settings: Any) -> None:
        """What may have left is paid for; a correction is written once, however much was answered with it."""
        settings.SMS_SEGMENT_PRICE, settings.SMS_CURRENCY = Decimal("0.5"), "PHP"
        paid = {
            "with": 2, "without": 4, "fewer": 0.5, "currency": "PHP", "cost": 1, "cost_without": 2, "saved": 1,
        }  # fmt: skip
        assert document()["sms_credits"] == paid | {"by_currency": [paid], "priced_today": 2}
        assert "that kept no price, counted at today's SMS_SEGMENT_PRICE: 2." in " ".join(run().split())
        settings.SMS_SEGMENT_PRICE = None
        found = document()["sms_credits"]
        assert (found["with"], found["saved"], found["priced_today"]) == (2, None, 0)

    def test_it_pays_by_the_price_that_each_reply_kept(self, settings: Any) -> None:
        settings.SMS_SEGMENT_PRICE, settings.SMS_CURRENCY = Decimal(100), "PHP"  # since then
        Reply.objects.update(price=Decimal("0.35"), currency="PHP")
        found = document()["sms_credits"]
        assert (found["cost"], found["cost_without"], found["currency"]) == (0.7, 1.4, "PHP")
        assert "kept no price" not in run()

    def test_currencies_are_never_added_up(self) -> None:
        Reply.objects.filter(kind=ReplyKind.AUTOMATIC).update(price=Decimal("0.35"), currency="PHP")
        Reply.objects.filter(kind=ReplyKind.CORRECTION).update(price=Decimal("0.02"), currency="USD")
        found = document()["sms_credits"]
        assert (found["with"], found["without"], found["cost"], found["currency"]) == (2, 4, None, "")
        costs = {one["currency"]: (one["cost"], one["cost_without"]) for one in found["by_currency"]}
        assert costs == {"PHP": (0.35, 1.05), "USD": (0.02, 0.02)}
        for format in ("text", "html"):
            told = run("--format", format)
            assert "SMS credits, PHP" in told
            assert "SMS credits, USD" in told

    def test_the_bill_is_made_when_asked_for(self) -> None:
        assert [line["calls"] for line in document("--bill")["bill"]["lines"]] == [5, 3, 1, 1]
        assert "One call a message" in run("--bill")

    def test_text(self) -> None:
        text = run()
        for told in (
            "Messages in a conversation",
            "1.67",
            "0.5010 USD",
            "Suppressed",
            "openai: timeout",
            "50%",
        ):
            assert told in text
        assert "correction by a person" in text
        assert re.search(r"Why nothing was sent\s+Sender per hour\s+1\s+100%", text)
        assert "█" in text

    def test_conversations_that_are_not_settled_count_by_their_status(self) -> None:
        Batch.objects.update(status="processing", outcome="")
        assert (document()["outcomes"], document()["settled"]) == ({"processing": 3}, 0)

    def test_purged_texts_leave_the_counts_right(self) -> None:
        purged = Batch.objects.order_by("id")[0]
        purged.messages.update(text="")
        Batch.objects.filter(id=purged.id).update(purged_at=timezone.now())
        found = document("--bill")
        assert (found["batches"], found["messages"]) == (3, 5)
        assert (found["bill"]["conversations"], found["bill"]["messages"]) == (2, 2)

    def test_it_works_through_many_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = document("--bill")
        monkeypatch.setattr(gathering, "CHUNK", 2)
        monkeypatch.setattr(gathering, "ROWS", 1)
        assert document("--bill", "--to", whole["to"], "--from", whole["from"]) == whole

    def test_troubles(self) -> None:
        Batch.objects.filter(label="undecided").update(status="failed", outcome="undecided")
        RejectedDelivery.objects.create(http_status=400, size=1)
        assert document()["troubles"] == {
            "conversations_failed": 1, "replies_refused": 0, "replies_unknown": 1, "deliveries_rejected": 1,
        }  # fmt: skip

    def test_csv(self) -> None:
        rows = {
            tuple(row[:2]): row[2] for row in csv.reader(StringIO(run("--format", "csv").removeprefix(BOM)))
        }
        assert rows["report", "batches"] == "3"
        assert rows["replies", "automatic sent"] == "1"
        assert rows["model_calls", "fewer"] == "0.5"
        assert rows["longest", "1 sender"].startswith("'+63*")
        assert rows["latency_seconds", "model p50"] == "0.25"


class TestTimes:
    def test_latencies(self) -> None:
        batch = recorded("Yes", days=0.01, attempts=[attempt("openai")])
        row = Batch.objects.get(id=batch.id)
        closed, done = row.closes_at + timedelta(seconds=0.004), row.closes_at + timedelta(seconds=2)
        Batch.objects.update(closed_at=closed, completed_at=done)
        reply(batch, ReplyKind.AUTOMATIC, ReplyStatus.SENT)
        sent = Reply.objects.get().attempts.create(number=1, finished_at=row.closes_at)
        ReplyAttempt.objects.filter(id=sent.id).update(started_at=row.closes_at - timedelta(seconds=0.5))
        found = document()["latency_seconds"]
        assert {name: one["p50"] for name, one in found.items()} == {
            "close": 0.004, "model": 0.25, "provider": 0.5, "after_window": 2, "end_to_end": 62,
        }  # fmt: skip
        assert "1 min 2.0 s" in run()

    def test_a_batch_that_a_command_closed_was_not_closed_late(self) -> None:
        batch = recorded("STOP", days=0.01)
        Batch.objects.update(closed_at=Batch.objects.get(id=batch.id).opened_at)
        assert "close" not in document()["latency_seconds"]

    @pytest.mark.parametrize(
        ("seconds", "spread"),
        [
            ([], None),
            ([2], Spread(1, 2, 2, 2, 2)),
            ([3, 1, 2], Spread(3, 2, 3, 3, 3)),
            (list(range(1, 201)), Spread(200, 100, 190, 198, 200)),
        ],
    )
    def test_a_spread_is_by_nearest_rank(self, seconds: list[float], spread: Spread | None) -> None:
        assert Spread.of(seconds) == spread

    @pytest.mark.parametrize(("zone", "day", "hour"), [("Asia/Manila", 2, "06"), ("UTC", 1, "22")])
    def test_days_and_hours_are_the_sites(self, settings: Any, zone: str, day: int, hour: str) -> None:
        settings.REPORT_TIME_ZONE = zone
        at = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
        recorded("Yes", "see you")
        Batch.objects.update(opened_at=at, closes_at=at + timedelta(seconds=60))
        that_day = ("--from", f"2026-03-0{day}", "--to", f"2026-03-0{day + 1}")
        found = document(*that_day)
        assert {name: count for name, count in found["messages_by_hour"].items() if count} == {hour: 2}
        assert found["time_zone"] == zone
        assert f"Busiest: {hour}:00 (2)" in run(*that_day)

    def test_a_day_is_the_channels_where_it_has_a_time_zone(self, settings: Any) -> None:
        settings.REPORT_TIME_ZONE = "Asia/Manila"
        Channel.objects.update(time_zone="Europe/Berlin")
        found = document("--from", "2026-03-29", "--to", "2026-03-30", "--channel", "default")
        # the night in which clocks go forward: 23 hours
        assert (found["from"], found["to"]) == ("2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00")
        found = document("--from", "2026-03-29T00:00Z", "--to", "2026-03-29T12:00", "--channel", "default")
        assert (found["from"], found["to"]) == ("2026-03-29T00:00:00+00:00", "2026-03-29T10:00:00+00:00")


class TestLongest:
    def test_ten_of_them_the_longest_first_and_nobody_can_be_called(self) -> None:
        for size in range(1, 13):
            recorded(*["Yes"] * size, days=0.01)
        found = document()["longest"]
        assert [one["messages"] for one in found] == list(range(12, 2, -1))
        assert all(one["sender"].startswith("+63****") for one in found)
        for format in ("text", "json", "csv", "html"):
            assert "+6391700" not in run("--format", format)

    def test_twelve_messages_are_told_with_all_that_are_ten_and_more(self) -> None:
        recorded(*["Yes"] * 12, days=0.01)
        assert "10+" in run()


class TestPeriod:
    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            ([], 1),
            (["--since", "24h"], 1),
            (["--since", "3d"], 2),
            (["--since", "90d"], 4),
            (["--from", "2020-01-01"], 4),
            (["--from", "{week}", "--to", "{yesterday}"], 1),
            (["--since", "90d", "--channel", "default"], 3),
            (["--since", "90d", "--channel", "other"], 1),
        ],
    )
    def test_it_may_be_chosen(self, arguments: list[str], found: int) -> None:
        for days in (0.5, 2, 30):
            recorded("Yes", days=days)
        elsewhere = recorded("Yes", days=40)
        Batch.objects.filter(id=elsewhere.id).update(channel=Channel.objects.create(slug="other"))
        now = timezone.now()
        named_days = {"week": now - timedelta(days=7), "yesterday": now - timedelta(days=1)}
        named = [one.format(**{name: at.isoformat() for name, at in named_days.items()}) for one in arguments]
        assert document(*named)["batches"] == found

    def test_an_empty_one_is_told_as_such(self) -> None:
        assert document()["messages_per_batch"] == 0
        assert "Conversations" in run()

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            (["--since", "1d", "--from", "2026-01-01"], "say --since, or --from and --to"),
            (["--from", "2026-01-02", "--to", "2026-01-01"], "ends before it begins"),
            (["--from", "2026-10-25T02:30+02:00", "--to", "2026-10-25T00:30Z"], "ends before it begins"),
            (["--from", "0001-01-01"], "the year must be from"),
            (["--to", "9999-12-31T23:59"], "the year must be from"),
            (["--channel", "no"], "there is no channel 'no'"),
            (["--since", "soon"], "'soon' is no time"),
            (["--format", "xml"], "invalid choice"),
        ],
    )
    def test_it_explains_what_it_cannot_do(self, arguments: list[str], problem: str) -> None:
        with pytest.raises(CommandError, match=problem):
            run(*arguments)


def test_it_writes_nothing() -> None:
    recorded("Yes")
    before = (Classification.objects.count(), list(Batch.objects.values()))
    run()
    assert (Classification.objects.count(), list(Batch.objects.values())) == before
