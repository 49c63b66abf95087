"""Recorded conversations, read again: what would change, and that nothing does."""

import json
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Max
from django.utils import timezone

from batches import replaying
from batches.models import Batch, Channel
from classification import circuit, prices
from classification.engines.rules.packs import shipped
from classification.evaluation.running import KINDS
from classification.models import Classification, Price, RuleSet
from replies.senders import memory
from tests.batches.conftest import arrive, done
from tests.classification.conftest import server
from tests.support.commands import as_json, printed
from tests.support.openai_server import OpenAIServer, answer, http_error

run = partial(printed, "replay")
document = partial(as_json, "replay")

__all__ = ["server"]  # a fixture

pytestmark = pytest.mark.django_db

NUMBER = 1000


@pytest.fixture(autouse=True)
def _rule_set(settings: Any) -> None:
    """One that takes "see you" for a refusal and knows nothing else."""
    changed = shipped().model_dump(mode="json")
    changed["rules"] = [
        {"name": "odd", "category": "disagree", "patterns": ["see you", "👍"], "strength": "explicit"}
    ]
    RuleSet.objects.create(number=NUMBER, document=changed, digest="odd", origin="draft")
    circuit.forget()
    prices.table.cache_clear()
    settings.SMS_AUTO_REPLY_ENABLED = True
    memory.reset()


def recorded(*texts: str, label: str = "agree", days: float = 1, sender: str = "", **fields: Any) -> Batch:
    """A settled conversation of some days ago."""
    batch = arrive(*texts, sender=sender or f"+63917{Batch.objects.count():07}")
    at = timezone.now() - timedelta(days=days)
    Batch.objects.filter(id=batch.id).update(
        status="completed", outcome="replied", label=label, opened_at=at, closes_at=at + timedelta(seconds=60)
    )
    if label:
        told = {"engine": "openai", "model": "m", "latency_ms": 1, "cost": Decimal("0.001")} | fields
        Classification.objects.create(batch=batch, label=label, **told)
    return batch


def with_rules(*arguments: str) -> dict[str, Any]:
    return document("--since", "7d", "--ruleset", str(NUMBER), *arguments)


def every_table() -> dict[str, tuple[int, Any]]:
    """How many rows each table of every application has, and its highest key."""
    return {
        model._meta.label: (
            model._default_manager.count(),
            model._default_manager.aggregate(Max("pk"))["pk__max"],
        )
        for model in apps.get_models()
    }


class TestRuleSet:
    def test_it_tells_what_would_change(self) -> None:
        swapped = recorded("Yes", "see you")
        recorded("See you", label="disagree")
        lost = recorded("I cannot", label="disagree", engine="rules", cost=None)
        found = with_rules()
        assert found["changes"] == [
            {"batch": swapped.id, "text": "Yes\nsee you", "was": "agree", "engine": "openai", "would_be": "disagree"},
            {"batch": lost.id, "text": "I cannot", "was": "disagree", "engine": "rules", "would_be": "neutral"},
        ]  # fmt: skip
        assert (found["batches"], found["changed"], found["swaps"]) == (3, 2, 1)
        assert (found["cost"], found["cost_then"]) == (0.0, 0.002)

    def test_it_counts_what_would_be_decided_now(self) -> None:
        recorded("See you", label="undecided", engine="", cost=None)
        assert (with_rules()["decided_now"], with_rules()["changed"]) == (1, 1)

    def test_it_reads_the_newest_verdict_of_a_batch_and_pays_for_all(self) -> None:
        batch = recorded("Nice")
        Classification.objects.create(
            batch=batch, label="agree", engine="rules", latency_ms=0, cost=Decimal("0.5")
        )
        found = with_rules()
        assert (found["changes"][0]["engine"], found["cost_then"]) == ("rules", 0.501)

    def test_a_table(self) -> None:
        recorded("Yes \x1b[31m[bold]\u202e", "see you")
        text = run("--since", "7d", "--ruleset", str(NUMBER))
        assert "1 of 1 labels would change, 1 of them swapped" in text
        assert "It would cost $0.0000, and did cost $0.0010." in text
        assert "Yes [U+001B][31m[bold][U+202E] see you" in text
        assert "\x1b[31m" not in text

    def test_it_works_through_many_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(replaying, "CHUNK", 2)
        ids = [recorded("Nice").id for _ in range(5)]
        assert [change["batch"] for change in with_rules()["changes"]] == ids


class TestWhich:
    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            (["--since", "7d"], ["a week", "a day", "other channel"]),
            (["--since", "2d"], ["a day", "other channel"]),
            (["--since", "30d"], ["a month", "a week", "a day", "other channel"]),
            (["--since", "30d", "--until", "2d"], ["a month", "a week"]),
            (["--since", "30d", "--limit", "2"], ["a day", "other channel"]),
            (["--since", "30d", "--channel", "default"], ["a month", "a week", "a day"]),
            (["--since", "2020-01-01T00:00+08:00"], ["a month", "a week", "a day", "other channel"]),
        ],
    )
    def test_it_takes_a_period_a_channel_and_a_limit(self, arguments: list[str], found: list[str]) -> None:
        recorded("a month", days=29.9)
        recorded("a week", days=6.9)
        recorded("a day", days=1)
        elsewhere = recorded("other channel", days=1)
        Batch.objects.filter(id=elsewhere.id).update(channel=Channel.objects.create(slug="other"))
        told = document(*arguments, "--ruleset", str(NUMBER))["changes"]
        assert [change["text"] for change in told] == found

    def test_it_leaves_out_what_has_no_verdict_or_no_texts(self) -> None:
        recorded("Nice", label="")
        recorded("Nice").messages.all().delete()
        assert with_rules()["batches"] == 0

    def test_it_leaves_out_commands_and_asks_no_model_about_them(self, server: OpenAIServer) -> None:
        labels = [done(arrive(command)).label for command in ("HELP", "STOP", "START")]
        assert labels == ["help", "opt_out", "opt_in"]
        assert document("--since", "7d", "--model", "m")["batches"] == 0
        assert server.requests == []

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            (["--since", "yesterday", "--ruleset", "1"], "'yesterday' is no time"),
            (["--ruleset", "1"], "required: --since"),
            (["--since", "7d"], "one of the arguments --ruleset --model is required"),
            (["--since", "7d", "--ruleset", "1", "--model", "m"], "not allowed with"),
            (["--since", "7d", "--ruleset", "4711"], "there is no rule set 4711"),
            (["--since", "7d", "--ruleset", "1", "--channel", "no"], "there is no channel 'no'"),
            (["--since", "7d", "--ruleset", "1", "--kind", "chat"], "--kind goes with --model"),
            (["--since", "7d", "--ruleset", "1", "--limit", "0"], "--limit: must be from 1 to"),
        ],
    )
    def test_it_explains_what_it_cannot_do(self, arguments: list[str], problem: str) -> None:
        with pytest.raises(CommandError, match=problem):
            run(*arguments)


class TestModel:
    def test_it_asks_the_model_with_the_recorded_question(self, server: OpenAIServer, settings: Any) -> None:
        Price.objects.create(model="bigger", input_per_million=100, output_per_million=1000)
        recorded("Yes", question="Will you come?")
        server.next(answer("disagree"))
        found = document("--since", "7d", "--model", "bigger")
        request = server.requests[0].body
        assert request["model"] == "bigger"
        assert "Will you come?" in json.dumps(request)
        assert (found["changed"], found["swaps"]) == (1, 1)
        assert settings.OPENAI_MODEL == "test-model"

    def test_an_unknown_price_is_no_zero(self, server: OpenAIServer) -> None:
        recorded("Yes")
        server.next(answer("agree"))
        assert document("--since", "7d", "--model", "priceless")["cost"] is None
        server.next(answer("agree"))
        assert "unknown sum" in run("--since", "7d", "--model", "priceless")

    def test_a_failure_is_no_change_and_is_told(self, server: OpenAIServer) -> None:
        recorded("Yes")
        recorded("Yes")
        server.next(http_error(400, "no"), answer("agree"))
        out = StringIO()
        with pytest.raises(CommandError, match="1 of 2 conversations got no verdict"):
            call_command("replay", "--since", "7d", "--model", "m", "--json", stdout=out)
        found = json.loads(out.getvalue())
        assert (found["changed"], found["failed"]) == (0, {"bad_request": 1})

    def test_a_model_that_is_away_is_not_asked_to_the_end(self, server: OpenAIServer) -> None:
        for _ in range(8):
            recorded("Yes")
        server.next(*[http_error(400, "no")] * 8)
        with pytest.raises(CommandError, match="m: no verdict 5 times in a row: bad_request"):
            run("--since", "7d", "--model", "m")

    def test_the_protocols_are_those_that_there_are(self) -> None:
        from classification.engines.openai_call import KINDS as modules

        assert set(KINDS) == set(modules)


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        (["--ruleset", str(NUMBER)], nullcontext()),
        (["--model", "m"], pytest.raises(CommandError, match="1 of 4 conversations got no verdict")),
    ],
)
def test_nothing_is_written_and_nothing_is_sent(server: OpenAIServer, who: list[str], outcome: Any) -> None:
    for text in ("Yes", "see you", "No", "👍"):
        recorded(text)
    server.next(answer("disagree"), http_error(500, "no"), http_error(500, "no"), answer("agree"))
    batches = list(Batch.objects.order_by("id").values())
    before, sent = every_table(), len(memory.outbox)
    with outcome:
        run("--since", "30d", *who)
    assert every_table() == before
    assert list(Batch.objects.order_by("id").values()) == batches
    assert len(memory.outbox) == sent
