"""What is scraped fits the server of docs/deploy.md: a machine has two targets, of which one is mostly down."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from deploy.layout import PORTS
from smsconsolidator.env import BASE_DIR, Environment
from smsconsolidator.env.values import split
from tests.project.test_alerts import healthy, json_labels, judged, promtool, row, tried
from tests.project.test_watching import RUN_BOOK

BLUE, GREEN = "a:8001", "a:8002"
PAGE = (BASE_DIR / "docs/monitoring.md").read_text("utf-8")
EVER = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[100m]))'
UP = {"job": "smsconsolidator"}


def up(target: str, values: str) -> dict[str, str]:
    return row("up", UP, target, values)


def first(values: str) -> str:
    """A healthy series of a release that answers for an hour and is then stopped."""
    return values.replace("x100", "x60 stale")


def then(values: str) -> str:
    """The same figure as the other release tells it, from five minutes before that: rows are the same for both."""
    start, step = re.fullmatch(r"([\de.]+)(?:\+([\de.]+))?x100", values).groups()  # type: ignore[union-attr]
    return f"_x54 {float(start) + 55 * float(step or 0)}+{step or 0}x45"


def roll_out() -> list[dict[str, str]]:
    """Blue answers, then green; on the other machine nothing changes."""
    rows = [up(GREEN, "0x54 1x45")]
    for name, labels, values in healthy():
        rows.append(row(name, labels, BLUE, first(values) if name != "up" else "1x60 0x39"))
        rows.append(row(name, labels, "b:8001", values))
        rows += [row(name, labels, GREEN, then(values))] if name != "up" else []
    return rows


def without_machine(values: str) -> list[dict[str, str]]:
    """Targets as they were written before there was such a label, one of them down."""
    told = [{"series": f"up{json_labels(UP | {'instance': 'c:8000'})}", "values": values}]
    return [*told, {"series": f"up{json_labels(UP | {'instance': 'd:8000'})}", "values": "1x100"}]


@pytest.mark.parametrize(
    ("name", "fire", "rows"),
    [
        ("the colours change places", [], roll_out()),
        ("only green runs", [], [up(BLUE, "0x100"), up(GREEN, "1x100")]),
        ("both run", [], [up(BLUE, "1x100"), up(GREEN, "1x100")]),
        ("neither runs", ["ServiceDown"], [up(BLUE, "1x50 0x50"), up(GREEN, "0x100"), up("b:8001", "1x100")]),
        ("no target is known", ["ServiceDown"], [row("up", {"job": "another"}, BLUE, "1x100")]),
        ("targets without a machine, all up", [], without_machine("1x100")),
        ("targets without a machine, one down", ["ServiceDown"], without_machine("0x100")),
    ],
)
def test_a_release_that_is_not_meant_to_run_is_no_alarm(
    name: str, fire: list[str], rows: list[dict[str, str]], tmp_path: Path
) -> None:
    judged([tried(name, fire, rows, EVER)], tmp_path)


def test_the_alert_names_the_machine(tmp_path: Path) -> None:
    said = "No web server of smsconsolidator answers on a."
    alert = {
        "exp_labels": {"severity": "critical", "machine": "a"},
        "exp_annotations": {"summary": said},
    }
    rule = {"eval_time": "10m", "alertname": "ServiceDown", "exp_alerts": [alert]}
    rows = [up(BLUE, "0x10"), up(GREEN, "0x10"), up("b:8001", "1x10"), up("b:8002", "0x10")]
    judged([{"interval": "1m", "input_series": rows, "alert_rule_test": [rule]}], tmp_path)


def configurations() -> list[dict[str, Any]]:
    """What docs/monitoring.md gives for Prometheus' own file."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", PAGE, re.MULTILINE)
    return [yaml.safe_load(block) for block in blocks if "scrape_configs:" in block]


def targets(configuration: dict[str, Any]) -> list[str]:
    [job] = configuration["scrape_configs"]
    return [target for group in job["static_configs"] for target in group["targets"]]


def test_prometheus_reads_what_the_page_says(tmp_path: Path) -> None:
    """With the rules where they are: in the release that answers, to which `current` leads."""
    token = tmp_path / "token"
    token.write_text("t" * 24)
    assert len(configurations()) == 2
    for number, configuration in enumerate(configurations()):
        text = yaml.safe_dump(configuration).replace("/etc/prometheus/smsconsolidator-token", str(token))
        assert text.count("/opt/smsconsolidator/current/") == (number == 0)
        file = tmp_path / f"{number}.yml"
        file.write_text(text.replace("/opt/smsconsolidator/current", str(BASE_DIR)))
        done = promtool("check", "config", str(file))
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("rules found" in done.stdout) == (number == 0)
        assert configuration["scrape_configs"][0]["job_name"] == UP["job"]
        assert all(
            "machine" in group["labels"] for group in configuration["scrape_configs"][0]["static_configs"]
        )


@pytest.mark.django_db
def test_each_target_on_the_machine_itself_answers(client: Client, settings: Any, monkeypatch: Any) -> None:
    """By a name that the settings of such a server accept, on the port of each colour."""
    monkeypatch.setenv("DJANGO_SECRET_KEY", "k" * 50)
    server = Environment(_env_file=BASE_DIR / "deploy/env.example")
    settings.ALLOWED_HOSTS = list(split(server.allowed_hosts))
    told = targets(configurations()[0])
    assert {int(target.partition(":")[2]) for target in told} == set(PORTS.values())
    entry = RUN_BOOK.read_text().partition("### ServiceDown\n")[2].partition("\n### ")[0]
    asked = re.findall(r"http://(\S+?)(/\w+)", entry)
    assert {host for host, _ in asked} == set(told)
    for host, path in [*asked, *((target, "/metrics") for target in told)]:
        assert client.get(path, HTTP_HOST=host, REMOTE_ADDR="127.0.0.1").status_code == 200, host
    assert client.get("/healthz", HTTP_HOST="127.0.0.1:8001").status_code == 400  # why it is not 127.0.0.1
