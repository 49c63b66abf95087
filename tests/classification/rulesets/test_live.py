"""The live rule set as a process knows it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from classification import believed
from classification.models import Activation, Origin, RuleSet
from classification.rulesets import store
from classification.rulesets.live import BELIEVED, live
from classification.rulesets.publishing import activate, publish
from classification.services import classify
from tests.classification.rulesets.conftest import add_rule, small, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets so many seconds pass."""
    passed = [0.0]
    monkeypatch.setattr(believed, "monotonic", lambda: time.monotonic() + passed[0])

    def wait(seconds: float = BELIEVED) -> None:
        passed[0] += seconds

    return wait


def go_live(**changes: Any) -> RuleSet:
    row = store.insert(small(**changes), origin=Origin.DRAFT)
    store.make_live(row, "somebody")
    return row


def test_it_asks_the_database_one_thing_every_two_seconds(later: Any) -> None:
    live()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(100):
            live()
        assert len(queries) == 0
        later()
        for _ in range(100):
            live()
    assert len(queries) == 1


def test_it_compiles_a_version_once(later: Any) -> None:
    first = live()
    later()
    assert live() is first


def test_it_follows_what_another_process_published(later: Any) -> None:
    assert live().number == 1
    row = go_live()
    assert live().number == 1
    later()
    assert (live().number, live().id, live().document) == (2, row.pk, small())


def test_it_keeps_what_it_knows_while_the_database_is_away(later: Any, caplog: Any) -> None:
    known = live()
    go_live()
    later()

    def away(*_: Any) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(away):
        assert live() is known
        assert live() is known
    assert caplog.text.count("The live rule set cannot be read: DatabaseError") == 1
    later()
    assert live().number == 2


@pytest.mark.parametrize("document", [{"format": 2}, {}])
def test_it_keeps_what_it_knows_when_the_new_one_is_of_another_version(
    later: Any, document: Any, caplog: Any
) -> None:
    known = live()
    row = RuleSet.objects.create(number=2, document=document, digest="x", origin=Origin.SHIPPED)
    store.make_live(row, "a newer node")
    later()
    assert live() is known
    assert "Unreadable" in caplog.text


def test_without_any_it_says_what_to_do() -> None:
    Activation.objects.filter(pk__gt=0)._raw_delete("default")
    with pytest.raises(LookupError, match=r"manage\.py migrate"):
        live()


def test_a_verdict_names_the_rule_set_that_was_live() -> None:
    decision = classify(["yes"])
    assert decision.ruleset == stored().pk


@pytest.mark.django_db(transaction=True)
def test_verdicts_come_from_one_rule_set_each_while_others_go_live(
    supervisor: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads classify without a pause while the answer to "zebra" goes to and fro."""
    settings.CLASSIFICATION_MODE = "rules"
    monkeypatch.setattr(live, "seconds", 0.0)
    first = stored()
    add_rule(patterns="zebra")
    second = publish(supervisor, "")
    right = {first.pk: "neutral", second.pk: "agree"}
    end, seen = threading.Event(), list[tuple[Any, str]]()

    def run() -> None:
        while not end.is_set():
            decision = classify(["zebra"])
            seen.append((decision.ruleset, decision.label))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for row in (first, second) * 3:
        activate(row, supervisor)
        time.sleep(0.1)
    end.set()
    for thread in threads:
        thread.join()
    assert {row for row, _ in seen} == {first.pk, second.pk}
    assert {label for row, label in seen if row is not None and label != right[row]} == set()


WATCH = """
import sys, time, django
django.setup()
from classification.rulesets.live import live
known = live().number
print(known, flush=True)
while live().number == known:
    time.sleep(0.05)
print(live().number, flush=True)
"""


@pytest.fixture
def other_process() -> Iterator["subprocess.Popen[str]"]:
    """Another node on the same database, which tells the number that is live there."""
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else _postgres(name)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "smsconsolidator.settings", "DATABASE_URL": url}
    command = [sys.executable, "-c", WATCH]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def _postgres(name: str) -> str:
    at = connection.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT'] or 5432}/{name}"


@pytest.mark.django_db(transaction=True)
def test_another_process_follows(supervisor: User, other_process: "subprocess.Popen[str]") -> None:
    assert other_process.stdout is not None
    assert other_process.stdout.readline() == "1\n"
    add_rule()
    publish(supervisor, "")
    assert other_process.stdout.readline() == "2\n"
