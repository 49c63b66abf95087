"""The files of deploy/ agree with the program that they are for."""

import re
from pathlib import Path

import pytest

from deploy.layout import COLOURS, DEPLOY, PROGRAMS, Layout
from deploy.rollout.upstream import UnreadableUpstream, Upstream
from smsconsolidator.env import BASE_DIR, Environment

SITE = (DEPLOY / "nginx/smsconsolidator.conf").read_text("utf-8")


def unit(program: str) -> str:
    return (DEPLOY / f"systemd/smsconsolidator-{program}@.service").read_text("utf-8")


def test_nginx_takes_bodies_as_large_as_the_webhook_does() -> None:
    [size] = re.findall(r"client_max_body_size (\d+)m;", SITE)
    assert int(size) * 1024 * 1024 == Environment.model_fields["webhook_max_bytes"].default


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_unit_starts_and_stops_a_program_as_the_supervisor_does(program: str) -> None:
    supervisor = (DEPLOY / "supervisord.conf").read_text("utf-8").partition(f"[program:{program}]")[2]
    [command] = re.findall(r"^command=python (.*)$", supervisor, re.MULTILINE)[:1]
    [seconds] = re.findall(r"^stopwaitsecs=(\d+)$", supervisor, re.MULTILINE)[:1]
    assert f"ExecStart=/opt/smsconsolidator/%i/.venv/bin/python {command}\n" in unit(program)
    assert f"TimeoutStopSec={seconds}\n" in unit(program)
    assert ("Q_CLUSTER_NAME=sweep" in unit(program)) == (program == "sweeper")


def test_the_example_has_settings_of_the_program_alone() -> None:
    names = re.findall(r"(?m)^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text("utf-8"))
    assert {name.lower() for name in names} <= set(Environment.model_fields)


def test_a_tokens_path_is_not_logged() -> None:
    [pattern] = re.findall(r'"~(\^\S+)" "\$start/\[secret\]"', SITE)
    hidden = re.compile(pattern.replace("?<", "?P<"))
    found = hidden.match("/api/webhook/default/whk_abc")
    assert found
    assert found["start"] == "/api/webhook/default"
    assert hidden.match("/api/receipts/clinic/whk_abc")
    assert not hidden.match("/api/webhook/sms-received")
    assert "$request_uri" not in SITE.partition("log_format")[2].partition(";")[0]
    assert '"$request"' not in SITE


def test_the_upstream_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    written = Upstream("blue", {"blue": 75, "green": 25}, {"blue": 8001, "green": 8002})
    written.write(path)
    assert Upstream.read(path, written.ports) == written
    assert "server 127.0.0.1:8002 weight=25 max_fails=0; # green\n" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_who_has_no_share_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "upstream.conf"
    Upstream("blue", {"blue": 0, "green": 100}).write(path)
    assert Upstream.read(path).weights == {"green": 100}
    assert Upstream.read(path).settled == "blue"


@pytest.mark.parametrize(
    "text", ["", "server 127.0.0.1:8001 weight=100; # blue\n", "# settled: blue\n", "# settled: red\n"]
)
def test_a_strange_upstream_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "upstream.conf"
    path.write_text(text)
    with pytest.raises(UnreadableUpstream):
        Upstream.read(path)
    with pytest.raises(UnreadableUpstream):
        Upstream.read(tmp_path / "missing")


def test_paths_are_laid_below_the_root(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert (
        layout.below("include /etc/nginx/x; # a/etc/nginx")
        == f"include {tmp_path}/etc/nginx/x; # a/etc/nginx"
    )
    assert Layout().below("include /etc/nginx/x;") == "include /etc/nginx/x;"
    assert {file.name for file in layout.install_units()} >= {
        f"smsconsolidator-{one}@.service" for one in PROGRAMS
    }
    assert len(COLOURS) == 2


def test_each_document_that_is_linked_is_there() -> None:
    for name in ("deploy", "upgrade", "backup"):
        text = (BASE_DIR / f"docs/{name}.md").read_text("utf-8")
        for link in re.findall(r"\]\(([\w-]+\.md)", text):
            assert (BASE_DIR / "docs" / link).exists(), link
