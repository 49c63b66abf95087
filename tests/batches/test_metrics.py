"""The counters: each event once, whoever looks, whatever is blanked later, in whatever order commits come."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from prometheus_client import CollectorRegistry

from batches import history
from batches.choices import EventKind
from batches.closing import close_due
from batches.metrics import collector, counting
from batches.metrics.collector import RowsCollector
from batches.metrics.counting import Counted, begin, count
from batches.metrics.figures import Figures
from batches.metrics.folding import fold
from batches.models import Batch, Channel, Message, Tally
from batches.reporting.gathering import Period, gather
from classification.models import Classification
from replies import switches
from replies.senders import memory
from replies.senders.base import unknown
from tests.batches.conftest import age, arrive, closed, done

PATIENCE = 180  # seconds
pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(autouse=True)
def _answers(settings: Any) -> None:
    settings.SMS_AUTO_REPLY_ENABLED = True


def samples() -> dict[str, float]:
    """What Prometheus would read: each series by its name and labels."""
    registry = CollectorRegistry()
    registry.register(RowsCollector())
    return {
        f"{sample.name.removeprefix('smsconsolidator_')}"
        f"{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def looks() -> Iterator[dict[str, float]]:
    """Until all is counted: on PostgreSQL a look notes how far the next one may count."""
    end = monotonic() + PATIENCE
    while (told := samples())["events_behind{}"] and monotonic() < end:
        yield told
        sleep(0.05)
    yield told


def look() -> dict[str, float]:
    """What is told in the end."""
    *_, last = looks()
    return last


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, float]]:
    """What all events of a test that runs in one transaction add up to; PostgreSQL would wait for that to end."""

    def read() -> dict[str, float]:
        figures: Figures = {}
        fold(figures, 0, counting._newest())
        monkeypatch.setattr(collector, "count", lambda: Counted(figures, 0))
        return samples()

    return read


def answered(*texts: str, sender: str = "+639171234567") -> Batch:
    """A conversation taken through to its reply."""
    return done(closed(*texts, sender=sender))


@pytest.mark.django_db(transaction=True)
def test_it_counts_what_the_rows_say_once_and_for_ever() -> None:
    begin()
    answered("Yes", "I can", "What time?")
    answered("No", sender="+639171234568")
    arrive("Hello", sender="+639171234569")
    told = look()
    assert told["messages_total{channel=default}"] == Message.objects.count() == 5
    assert told["batches_opened_total{channel=default}"] == Batch.objects.count() == 3
    assert told["batches_closed_total{channel=default}"] == 2
    assert told["batches_settled_total{channel=default,outcome=replied}"] == 2
    assert told["replies_total{outcome=sent}"] == 2
    by_rules = sum(
        value for name, value in told.items() if name.startswith("classifications_total{engine=rules")
    )
    assert by_rules == Classification.objects.count() == 2
    assert told["batch_close_lateness_seconds_count{}"] == 2
    assert told["batch_settling_seconds_count{}"] == 2
    assert told["provider_call_duration_seconds_count{outcome=accepted,provider=memory}"] == 2
    assert told["reply_segments_total{}"] == 2
    assert told["events_behind{}"] == told["batches_requeued_total{}"] == 0
    assert counters(look()) == counters(told)  # nothing twice
    with connection.cursor() as cursor:  # the model refuses; a partition that is taken away does not ask it
        cursor.execute("UPDATE batches_message SET text = '', payload = ''")
        cursor.execute("DELETE FROM batches_batchevent")
    assert counters(look()) == counters(told)
    arrive("No", sender="+639171234570")
    assert look()["messages_total{channel=default}"] == 6


def counters(told: dict[str, float]) -> dict[str, float]:
    return {
        name: value
        for name, value in told.items()
        if "_total" in name or "_count" in name or "_bucket" in name
    }


@pytest.mark.django_db(transaction=True)
def test_a_channels_series_are_there_before_anything_has_come() -> None:
    """Else replies would have an increase and closed batches none: the alert of too many replies would fire."""
    Channel.objects.create(slug="clinic")
    told = samples()
    for channel in ("default", "clinic"):
        for name in ("messages_total", "batches_opened_total", "batches_closed_total"):
            assert told[f"{name}{{channel={channel}}}"] == 0
        assert told[f"batches_settled_total{{channel={channel},outcome=undecided}}"] == 0


@pytest.mark.django_db(transaction=True)
def test_history_from_before_is_not_counted() -> None:
    arrive("Yes")
    Tally.objects.all().delete()
    begin()
    arrive("No", sender="+639171234568")
    assert look()["messages_total{channel=default}"] == 1


@pytest.mark.django_db(transaction=True)
def test_much_is_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    arrive("Yes")
    Tally.objects.all().delete()
    begin()
    for number in range(7):
        arrive("Yes", sender=f"+63917123450{number}")
    monkeypatch.setattr(counting, "CHUNK", 3)
    monkeypatch.setattr(counting, "SECONDS", -1)  # one part for each look
    assert {told["events_behind{}"] for told in looks()} >= {4, 1}
    assert look()["messages_total{channel=default}"] == 7


@pytest.mark.django_db(transaction=True)
def test_several_who_look_at_once_count_each_event_once() -> None:
    begin()
    for number in range(20):
        arrive("Yes", sender=f"+6391712345{number:02}")

    def look_often() -> None:
        for _ in range(5):
            count()
        connections.close_all()

    threads = [threading.Thread(target=look_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert look()["messages_total{channel=default}"] == 20


@pytest.mark.django_db
def test_model_calls_errors_tokens_and_cost(folded: Callable[[], dict[str, float]]) -> None:
    batch = answered("Yes")
    attempts = [
        {"engine": "openai", "model": "m", "latency_ms": 300, "code": "timeout"},
        {"engine": "openai", "model": "m", "latency_ms": 0, "code": "circuit_open"},
        {"engine": "openai", "model": "m", "latency_ms": 0, "code": "ceiling"},
        {"engine": "openai", "model": "m", "latency_ms": 0, "code": "no_key"},
        {"engine": "openai", "model": "m", "latency_ms": 700, "code": ""},
    ]
    verdict = Classification.objects.create(
        batch=batch, label="agree", engine="openai", latency_ms=700, input_tokens=90, output_tokens=8,
        cost="0.0025", attempts=attempts, review="not_sure",
    )  # fmt: skip
    history.note([batch.id], EventKind.CLASSIFIED, "worker", {"classification": verdict.id})
    told = folded()
    assert told["classifications_total{engine=openai,label=agree}"] == 1
    assert told["reviews_asked_total{reason=not_sure}"] == 1
    assert told["model_calls_total{}"] == 2
    assert [
        told[f"model_errors_total{{reason={why}}}"] for why in ("timeout", "circuit_open", "ceiling")
    ] == [1, 1, 1]
    assert told["model_call_duration_seconds_bucket{le=0.5}"] == 1
    assert told["model_call_duration_seconds_sum{}"] == pytest.approx(1.0)
    assert (told["model_tokens_total{direction=input}"], told["model_tokens_total{direction=output}"]) == (
        90,
        8,
    )
    assert told["model_cost_dollars_total{}"] == pytest.approx(0.0025)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "model", "calls"), [("unexpected", "", 0), ("", "m", 1), ("ceiling", "m", 0)]
)
def test_the_report_counts_the_same_model_calls(
    folded: Callable[[], dict[str, float]], code: str, model: str, calls: int
) -> None:
    batch = answered("Yes")
    turn = {"engine": "openai", "model": model, "latency_ms": 4000, "code": code}
    verdict = Classification.objects.create(batch=batch, label="agree", latency_ms=1, attempts=[turn])
    history.note([batch.id], EventKind.CLASSIFIED, "worker", {"classification": verdict.id})
    now, day = timezone.now(), timedelta(days=1)
    told, report = folded(), gather(Period(now - day, now + day))
    spread = report.latencies["model"]
    assert told["model_calls_total{}"] == report.asked == calls
    assert told["model_call_duration_seconds_sum{}"] == (spread.most if spread else 0) == 4 * calls


@pytest.mark.django_db
def test_replies_that_fail_are_told_with_the_reason(folded: Callable[[], dict[str, float]]) -> None:
    memory.next_results.append(unknown("timeout", "No answer."))
    answered("Yes")
    told = folded()
    assert (
        told["replies_total{outcome=unknown}"]
        == told["reply_reasons_total{outcome=unknown,reason=timeout}"]
        == 1
    )


@pytest.mark.django_db
def test_how_things_are_now() -> None:
    overdue, queued = arrive("Yes"), arrive("No", sender="+639171234568")
    arrive("Fresh", sender="+639171234569")
    age(queued, 90)
    close_due()
    age(overdue, 70)
    told = samples()
    assert told["batches{status=open}"] == 2
    assert told["batches{status=closed}"] == 1
    assert told["batches_overdue{}"] == 1
    assert 9 < told["batch_oldest_overdue_seconds{}"] < 20
    assert 0 <= told["queue_oldest_seconds{}"] < 5
    assert told["database_up{}"] == told["spool_up{}"] == 1
    assert told["spool_messages{state=waiting}"] == told["replies_stopped{channel=*}"] == 0
    switches.throw(None, stop=True, reason="a storm", actor="admin:maria")
    assert samples()["replies_stopped{channel=*}"] == 1
