"""A service that was stopped as a whole is started again as it was: for a restore, say."""

import re
from concurrent.futures import ThreadPoolExecutor, wait
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil  # type: ignore[import-untyped]
import pytest

from deploy.layout import COLOURS, DEPLOY, PROGRAMS
from deploy.rehearsal.systemctl import Unit
from smsconsolidator.env import BASE_DIR
from tests.deploy.server import Server

UNITS = [f"smsconsolidator-{program}@{colour}.service" for program in PROGRAMS for colour in COLOURS]
NAMES = ("backup", "deploy", "troubleshooting", "upgrade")
GUIDES = {name: (BASE_DIR / f"docs/{name}.md").read_text("utf-8") for name in NAMES}


class Page(BaseHTTPRequestHandler):
    """Another program's answer to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")


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


def test_the_first_release_is_first_once(server: Server) -> None:
    """Given again later, it would have the old release work beside the one that answers, and be told to nginx."""
    assert "blue (0.1) is ready" in server.give("first", "blue")
    server.give("blue-green")
    assert "green (0.2) answers here" in server.give("first", "blue", code=1)
    assert server.answers_alone("green")
    server.give("rollback")  # it is still known which release was before
    assert server.answers_alone("blue")


def test_two_releases_on_one_port_are_refused(server: Server) -> None:
    """Each would be answered for the other: web servers share a port without a word."""
    (server.layout.settings / "green.env").write_text(f"PORT={server.ports['blue']}\n")
    for command in ("first", "blue-green", "canary"):
        said = server.give(command, *(["green"] if command == "first" else []), code=1)
        assert "STOPPED" in said
    assert "green.env must say PORT=…, one of its own" in said
    assert "The schema is the new release's" not in said
    assert server.answers_alone("blue")


def test_another_program_on_a_releases_port_is_not_the_release(server: Server) -> None:
    """Its units cannot be seen through it, and its answer need not even be JSON."""
    page = ThreadingHTTPServer(("127.0.0.1", server.ports["green"]), Page)
    with page, ThreadPoolExecutor() as pool:
        pool.submit(page.serve_forever)
        status = server.give("status")
        page.shutdown()
    assert re.search(r"^green +0\.2 +0 % +- +- +- +- +- *$", status, re.MULTILINE)


def test_the_status_fits_a_terminal_of_80_columns(server: Server) -> None:
    long = server.unpack("green", "0.10.0.dev0")
    assert long.name in server.give("status")
    assert re.search(
        r"^blue \(settled\) +0\.1 +100 % +running +running +running", server.give("status"), re.MULTILINE
    )


def test_what_is_being_stopped_starts_again(server: Server) -> None:
    """As systemd does it; whoever was told to stop, and has not ended yet, is not taken for running."""
    unit = Unit(server.root, "smsconsolidator-worker@blue.service")  # which has the most time to stop
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
