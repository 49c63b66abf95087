"""A service that was stopped as a whole is started again as it was: for a restore, say."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from fnmatch import fnmatch

import psutil  # type: ignore[import-untyped]
import pytest

from deploy.layout import COLOURS, DEPLOY, PROGRAMS
from deploy.rehearsal.systemctl import Unit
from smsconsolidator.env import BASE_DIR
from tests.deploy.server import Server

UNITS = [f"smsconsolidator-{program}@{colour}.service" for program in PROGRAMS for colour in COLOURS]
NAMES = ("backup", "deploy", "troubleshooting", "upgrade")
GUIDES = {name: (BASE_DIR / f"docs/{name}.md").read_text("utf-8") for name in NAMES}


def stop_all(server: Server) -> None:
    server.run("systemctl", "stop", *UNITS)
    assert not server.running()


def test_who_answered_is_started(server: Server) -> None:
    server.give("blue-green")
    stop_all(server)
    assert "green (0.2) is ready" in server.give("start")
    assert server.answers_alone("green")
    stop_all(server)
    server.give("rollback")  # it is still known which release was before
    assert server.answers_alone("blue")


def test_an_unfinished_roll_out_is_not_started_again(server: Server) -> None:
    text = server.layout.upstream.read_text()
    server.layout.upstream.write_text(text + f"server 127.0.0.1:{server.ports['green']} weight=25; # green\n")
    stop_all(server)
    assert "rollback" in server.give("start", code=1)
    assert not server.running()


def test_what_is_being_stopped_starts_again(server: Server) -> None:
    """As systemd does it; whoever was told to stop, and has not ended yet, is not taken for running."""
    unit = Unit(server.root, UNITS[0])
    old = unit.keeper
    assert old
    [busy] = psutil.Process(old).children()
    busy.suspend()  # it has something to finish
    unit.ask_to_stop()  # by a command that is cut off here, and does not wait for the end
    with ThreadPoolExecutor() as pool:
        starting = pool.submit(server.run, "systemctl", "start", unit.name)
        assert not wait([starting], timeout=1).done
        busy.resume()
        starting.result(timeout=60)
    assert unit.keeper not in (None, old)
    assert server.answers_alone("blue")


def test_the_units_have_the_names_that_the_commands_give() -> None:
    target = (DEPLOY / "systemd/smsconsolidator@.target").read_text("utf-8")
    [wanted] = re.findall(r"^Wants=(.*)$", target, re.MULTILINE)
    assert {unit.replace("%i", colour) for colour in COLOURS for unit in wanted.split()} == set(UNITS)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_pattern_of_a_guide_matches_every_unit_of_both_colours(guide: str) -> None:
    """Whole names, as systemctl compares them: to a pattern it adds no .service."""
    for command, pattern in re.findall(r"(systemctl [\w-]+) '([^']+)'", GUIDES[guide]):
        assert all(fnmatch(unit, pattern) for unit in UNITS), (command, pattern)
        # restart would start what was stopped, too: the release before, where systemd still has it in mind.
        assert command != "systemctl restart"


@pytest.mark.parametrize("guide", GUIDES)
def test_no_command_of_a_guide_names_a_colour_that_may_be_the_stopped_one(guide: str) -> None:
    assert not re.findall(r"(?:systemctl|journalctl)[^`\n]*@(?:blue|green)", GUIDES[guide])
