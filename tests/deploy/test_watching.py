"""Which signs end a roll-out, by nginx's log as nginx writes it and by rows as the service writes them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batches.choices import BatchStatus, Outcome
from batches.models import Batch
from deploy import signs
from deploy.rollout.machine import Machine, MachineError
from deploy.rollout.watching import AccessLog, Limits, Watch
from deploy.signs import Signs
from tests.batches.conftest import age, arrive

PORTS = {8001: "blue", 8002: "green"}
FINE = Signs(
    closed=90, lateness_max=0.1, overdue=0, waiting=0.2, settled=90, failed=0, replies=90, replies_bad=0
)


def line(upstream: str, status: str) -> str:
    return json.dumps({"upstream": upstream, "upstream_status": status, "status": "200"}) + "\n"


class Node(Machine):
    """A machine of which everything but the log is given."""

    seen = FINE
    ready = True
    running = True
    restarted = 0

    def signs(self, colour: str, since: datetime) -> Signs:
        return self.seen

    def is_ready(self, colour: str) -> bool:
        return self.ready

    def is_active(self, colour: str, program: str) -> bool:
        return self.running

    def restarts(self, colour: str, *programs: str) -> int:
        return self.restarted


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_text(line("127.0.0.1:8002", "500") * 50)  # from before
    return path


def watch(log: Path, before: Signs = FINE, **state: object) -> Watch:
    node = Node(layout=None)  # type: ignore[arg-type]
    for name, value in state.items():
        object.__setattr__(node, name, value)
    return Watch(node, "green", ("web", "worker"), AccessLog(log, PORTS), Limits(), before)


def test_all_is_well(log: Path) -> None:
    looking = watch(log)
    log.write_text(log.read_text() + line("127.0.0.1:8002", "200") * 300 + line("127.0.0.1:8001", "502") * 9)
    assert looking.look() == []
    assert looking.log.requests == {"green": 300, "blue": 9}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"running": False}, ["its web is not running", "its worker is not running"]),
        ({"seen": replace(FINE, lateness_max=6.0)}, ["batches are closed late: 6.0 s"]),
        ({"seen": replace(FINE, overdue=7.5)}, ["batches are closed late: 7.5 s"]),
        ({"seen": replace(FINE, waiting=31.0)}, ["a closed batch has been waiting for 31 s"]),
        ({"seen": replace(FINE, failed=3)}, ["3 of 90 batches failed"]),
        ({"seen": replace(FINE, failed=2)}, []),
        ({"seen": replace(FINE, replies_bad=5)}, ["5 of 90 replies were refused, or it is unknown"]),
        ({"seen": replace(FINE, failed=3), "before": replace(FINE, failed=2)}, []),
        ({"seen": replace(FINE, failed=5), "before": replace(FINE, failed=2)}, ["5 of 90 batches failed"]),
    ],
)
def test_a_sign(log: Path, state: dict[str, object], words: Sequence[str]) -> None:
    found = watch(log, **state).look()  # type: ignore[arg-type]
    assert len(found) == len(words)
    assert all(sentence.startswith(start) for sentence, start in zip(found, words, strict=True))


def test_a_process_that_ended_by_itself(log: Path) -> None:
    looking = watch(log)
    object.__setattr__(looking.machine, "restarted", 1)
    assert looking.look() == ["a process ended by itself and was started again"]


def test_readiness_may_fail_once(log: Path) -> None:
    looking = watch(log, ready=False)
    assert looking.look() == []
    assert looking.look() == ["it is not ready (/readyz says in which part)"]


def test_what_nginx_asked_of_the_other_release_counts_against_the_first(log: Path) -> None:
    """The client was told 200; the new release failed all the same."""
    looking = watch(log)
    with log.open("a") as file:
        file.write(
            line("127.0.0.1:8002, 127.0.0.1:8001", "500, 200") * 4 + line("127.0.0.1:8002", "200") * 90
        )
        file.write('{"upstream": "127.0.0.1:80')  # a line that is being written
    assert looking.look() == ["4 of 94 requests failed"]
    with log.open("a") as file:
        file.write('02", "upstream_status": "200"}\n')
    looking.look()
    assert looking.log.requests["green"] == 95


def test_a_rotated_log_is_followed(log: Path) -> None:
    looking = watch(log)
    log.rename(log.with_suffix(".1"))
    log.write_text(line("127.0.0.1:8002", "504") * 3)
    assert looking.look() == ["3 of 3 requests failed"]


def test_a_log_that_is_emptied_where_it_is_is_followed(log: Path) -> None:
    """As a rule of logrotate's with copytruncate does it."""
    looking = watch(log)
    log.write_text(line("127.0.0.1:8002", "504") * 3)
    assert looking.look() == ["3 of 3 requests failed"]


def test_the_same_port_of_another_machine_counts_for_none(log: Path) -> None:
    looking = watch(log)
    with log.open("a") as file:
        file.write(line("10.0.0.2:8002, 127.0.0.1:8002", "502, 200") * 5)
    assert looking.look() == []
    assert (looking.log.requests, looking.log.errors) == ({"green": 5}, {})


def test_what_answered_without_a_release_counts_for_none(log: Path) -> None:
    looking = watch(log)
    with log.open("a") as file:
        file.write(line("", "") + line("smsconsolidator", "502") + line("127.0.0.1:8002", "-"))
    assert looking.look() == []
    assert looking.log.requests == {}


def test_a_line_that_nobody_can_read_is_counted_and_passed_over(log: Path) -> None:
    """nginx leaves a stranger's bytes above 127 as they are: GET /%ff."""
    looking = watch(log)
    readable = line("127.0.0.1:8002", "200").encode()
    odd = [b"", b"\xff", b"[]", b"{}", b'{"upstream": 1, "upstream_status": "200"}', b"[" * 9999]
    with log.open("ab") as file:
        file.write(readable.replace(b"{", b'{"path": "/\xff", '))
        file.write(b"\n".join([*odd, readable]))
    assert looking.look() == []
    assert looking.log.requests == {"green": 2}
    assert looking.log.unreadable == len(odd)


@pytest.mark.django_db
class TestSigns:
    def test_nothing_has_happened(self) -> None:
        assert signs.since(datetime.now(UTC)) == Signs(0, 0.0, 0.0, 0.0, 0, 0, 0, 0)

    def test_an_open_batch_is_overdue(self) -> None:
        age(arrive("Yes"), 70)
        assert signs.since(datetime.now(UTC)).overdue == pytest.approx(10, abs=2)

    def test_what_was_closed_late_and_what_waits(self) -> None:
        batch = arrive("Yes")
        age(batch, 90)
        batch.refresh_from_db()
        closed = batch.closes_at + timedelta(seconds=12)
        Batch.objects.filter(pk=batch.pk).update(status=BatchStatus.CLOSED, closed_at=closed)
        found = signs.since(datetime.now(UTC) - timedelta(minutes=5))
        assert (found.closed, found.settled) == (1, 0)
        assert found.lateness_max == pytest.approx(12, abs=0.01)
        assert found.waiting == pytest.approx(18, abs=2)
        assert signs.since(datetime.now(UTC)).closed == 0

    def test_what_failed(self) -> None:
        batch = arrive("Yes")
        settled = {
            "status": BatchStatus.FAILED,
            "outcome": Outcome.UNDECIDED,
            "completed_at": datetime.now(UTC),
        }
        Batch.objects.filter(pk=batch.pk).update(**settled)
        found = signs.since(datetime.now(UTC) - timedelta(minutes=5))
        assert (found.settled, found.failed) == (1, 1)


def test_a_command_that_fails_says_what_it_printed() -> None:
    with pytest.raises(MachineError, match="not so"):
        Machine._run(["sh", "-c", "echo not so; exit 3"])
