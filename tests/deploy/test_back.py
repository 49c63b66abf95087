"""To which release a roll-back goes, and that it gets there; with the real command and real processes."""

import signal
import time

import pytest

from deploy.layout import PROGRAMS
from tests.deploy.server import FINE, LATE, Server


def test_back_to_the_release_before_and_no_further(server: Server) -> None:
    server.give("blue-green")
    assert server.answers_alone("green")
    assert server.current == "0.2"
    server.give("rollback")
    assert server.answers_alone("blue")
    assert server.current == "0.1"

    said = server.give("rollback", code=1)
    assert "blue (0.1) answers, and no release before it is known" in said
    assert "blue-green" in said
    assert server.answers_alone("blue")


def test_who_went_back_by_itself_stays_there(server: Server) -> None:
    server.unpack("green", "0.3", signs=[FINE, LATE])
    said = server.give("canary", code=1)
    assert "BAD SIGN  batches are closed late: 99.0 s" in said
    server.give("rollback", code=1)
    assert server.answers_alone("blue")


def test_what_goes_wrong_while_the_old_workers_are_being_stopped_is_seen(server: Server) -> None:
    """They finish what they have in hand, for most of a minute."""
    restarts = server.root / "run/smsconsolidator-web@green.service.restarts"
    systemctl = server.root / "bin/systemctl"
    ends = f'case "$*" in *stop*worker@blue*) echo 1 > {restarts};; esac'
    systemctl.write_text(systemctl.read_text().replace("\n", f"\n{ends}\n", 1))
    said = server.give("blue-green", code=1)
    assert "BAD SIGN  a process ended by itself" in said
    assert server.answers_alone("blue")


def test_a_step_in_which_nobody_asked_says_so(server: Server) -> None:
    assert "NO REQUEST SEEN" in server.give("blue-green")


def test_a_release_that_never_answered_is_not_the_one_before(server: Server) -> None:
    server.give("blue-green")
    new = server.unpack("blue", "0.3")

    said = server.give("rollback", code=1)
    assert f"it is {new} now" in " ".join(said.split())
    assert server.answers_alone("green")

    server.link("blue", "0.1")  # as the sentence says
    server.give("rollback")
    assert server.answers_alone("blue")


def test_after_a_bad_third_release_the_first_is_not_the_one_before(server: Server) -> None:
    """It was, but its link has been given away; whoever wants it back is told how."""
    server.give("blue-green")
    server.unpack("blue", "0.3", signs=[FINE, LATE])
    server.give("blue-green", code=1)
    assert server.answers_alone("green")
    server.give("rollback", code=1)
    assert server.answers_alone("green")


def test_what_died_in_the_middle_goes_back_to_the_good_release(server: Server) -> None:
    server.give("blue-green")
    server.unpack("blue", "0.3")
    dying = server.begin("canary", "--watch", "100")
    while not server.upstream.weights.get("blue"):
        assert dying.poll() is None
        time.sleep(0.1)
    dying.kill()
    dying.communicate()
    server.give("rollback")
    assert server.answers_alone("green")


def test_what_was_left_running_is_stopped(server: Server) -> None:
    """Who died before a single request went to the new release, or on the way back, has left processes of it."""
    for program in PROGRAMS:
        server.run("systemctl", "start", f"smsconsolidator-{program}@green.service")
    assert "rollback" in server.give("status")
    server.give("rollback")
    assert server.answers_alone("blue")
    server.give("rollback", code=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_hand(server: Server, number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)  # as a shell does it for what is started in its background
    process = server.begin("blue-green", "--watch", "100")
    signal.signal(number, before)
    while server.upstream.weights.get("green") != 100:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "BAD SIGN  stopped by hand" in said
    assert server.answers_alone("blue")


def test_a_fault_of_the_roll_outs_own_goes_back_too(server: Server) -> None:
    """Here by what its own program prints; nobody would be watching, and both would answer."""
    server.unpack("green", "0.3", signs=[FINE, "nonsense"])
    said = server.give("canary", code=1)
    assert "FAULT  JSONDecodeError" in said
    assert "Traceback" in said
    assert server.answers_alone("blue")


def test_back_while_the_database_is_away(server: Server) -> None:
    """The good release cannot be sent for a sweep then; the bad one is stopped all the same."""
    server.give("blue-green")
    for release in ("0.1", "0.2"):
        (server.layout.releases / "releases" / release / "manage.fails").write_text("shell")
    said = server.give("rollback")
    assert "OperationalError" in said
    assert server.answers_alone("blue")
    assert server.current == "0.1"


def test_back_where_a_unit_cannot_be_stopped(server: Server) -> None:
    """The rest is stopped, the exit code tells, and the same command tries again."""
    server.give("blue-green")
    systemctl = server.root / "bin/systemctl"
    real = systemctl.read_text()
    systemctl.write_text(real.replace("\n", '\ncase "$*" in *stop*sweeper@green*) exit 1;; esac\n', 1))
    said = server.give("rollback", code=1)
    assert "STOPPED  blue answers, but see above; what is left of green" in said
    assert (server.programs("green"), server.current) == (["sweeper"], "0.1")
    systemctl.write_text(real)
    server.give("rollback")
    assert server.answers_alone("blue")
