"""What consolidation did in a period."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from batches import consolidation
from batches.models import Batch, Channel
from classification.models import Classification
from replies.models import Reply, ReplyKind, ReplyStatus
from tests.batches.test_bill import UNSURE
from tests.batches.test_replay import recorded

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("consolidation_report", *arguments, stdout=out)
    return out.getvalue()


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--format", "json", *arguments))
    return found


def attempt(engine: str, code: str = "") -> dict[str, str]:
    return {"engine": engine, "code": code}


def reply(batch: Batch, kind: ReplyKind, status: ReplyStatus) -> None:
    Reply.objects.create(
        batch=batch, kind=kind, status=status, to="x", body="x", segments=1, provider="memory"
    )


@pytest.fixture
def day() -> None:
    """Three conversations of the last hour."""
    one = recorded("Yes", "see you", "thanks", days=0.01, attempts=[attempt("openai")])
    reply(one, ReplyKind.AUTOMATIC, ReplyStatus.SENT)
    reply(one, ReplyKind.CORRECTION, ReplyStatus.UNKNOWN)
    failed = [attempt("openai", "timeout"), attempt("rules")]
    other = recorded(UNSURE, label="neutral", days=0.01, engine="rules", cost=None, attempts=failed)
    reply(other, ReplyKind.AUTOMATIC, ReplyStatus.SUPPRESSED)
    unasked = [attempt("openai", "circuit_open"), attempt("openai", "no_key")]
    recorded("No", label="undecided", days=0.01, engine="", cost=Decimal("0.5"), attempts=unasked)


@pytest.mark.usefixtures("day")
class TestCounts:
    def test_json(self) -> None:
        found = document()
        assert (found["batches"], found["messages"], found["messages_per_batch"]) == (3, 5, 1.667)
        assert found["verdicts"] == {"openai": 1, "rules": 1, "nobody": 1}
        assert found["labels"] == {"agree": 1, "neutral": 1, "undecided": 1}
        assert found["outcomes"] == {"replied": 3}
        assert found["replies"] == {"automatic": {"sent": 1, "suppressed": 1}, "correction": {"unknown": 1}}
        assert found["errors"] == {"openai: timeout": 1, "openai: circuit_open": 1, "openai: no_key": 1}
        assert (found["model_calls"], found["cost"]) == (2, 0.501)
        assert [line["calls"] for line in found["bill"]["lines"]] == [5, 3, 1, 1]
        assert found["channel"] is None

    def test_text(self) -> None:
        text = run()
        for told in ("Messages in a conversation", "1.67", "$0.5010", "Suppressed", "openai: timeout", "40%"):
            assert told in text
        assert "correction by a person" in text

    def test_json_has_a_short_name(self) -> None:
        assert json.loads(run("--json"))["batches"] == 3

    def test_conversations_that_are_not_settled_count_by_their_status(self) -> None:
        Batch.objects.update(status="processing", outcome="")
        assert document()["outcomes"] == {"processing": 3}

    def test_purged_texts_leave_the_counts_right(self) -> None:
        Batch.objects.order_by("id")[0].messages.all().delete()
        found = document()
        assert (found["batches"], found["messages"]) == (3, 5)
        assert (found["bill"]["conversations"], found["bill"]["messages"]) == (2, 2)

    def test_it_works_through_many_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = document()
        monkeypatch.setattr(consolidation, "CHUNK", 2)
        assert document("--to", whole["to"], "--from", whole["from"]) == whole


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
