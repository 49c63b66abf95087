"""A real Prometheus scrapes a running service: no panel of the dashboard stays empty, and no alert rule is broken."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from bench.processes import free_port
from tests.project.test_watching import RULES, expressions
from tests.system.conftest import StartService
from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import Service, wait_until

# Grafana's own variable: four times the interval between two scrapes, at the least.
RATE_INTERVAL = "8s"


@pytest.fixture(scope="module")
def watched(running: StartService) -> Iterator[Service]:
    # Every conversation is one that a person should look at.
    settings = {"OPENAI_MODEL": "gpt-4.1-mini", "CLASSIFICATION_REVIEW_SAMPLE": 1}
    with running("watched", CONSOLIDATION_WINDOW=1, **settings) as service:
        yield service


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """Its address; it scrapes the target every second, and knows the alert rules."""
    targets = {"targets": [target], "labels": {"machine": "sms-1"}}
    scrape = {"job_name": "smsconsolidator", "scrape_interval": "1s", "static_configs": [targets]}
    document = {"rule_files": [str(RULES)], "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    address = f"127.0.0.1:{free_port()}"
    options = {"config.file": folder / "prometheus.yml", "storage.tsdb.path": folder / "data"}
    command = ["prometheus", f"--web.listen-address={address}", *(f"--{k}={v}" for k, v in options.items())]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"http://{address}/api/v1"
    finally:
        process.terminate()
        process.wait(20)


def asked(address: str, path: str, **query: str) -> Any:
    """What it answers; nothing as long as it only starts."""
    try:
        answer = requests.get(f"{address}/{path}", params=query, timeout=10)
    except requests.ConnectionError:
        return {}
    return {} if answer.status_code == 503 else answer.json()["data"]


def empty(address: str) -> list[str]:
    """The dashboard's expressions for which it has no series, or only "not a number"."""
    found = []
    for expression in expressions()["dashboard"]:
        query = expression.replace("$__rate_interval", RATE_INTERVAL)
        series = asked(address, "query", query=query).get("result", [])
        if not any(one["value"][1] != "NaN" for one in series):
            found.append(expression)
    return found


def test_no_panel_stays_empty(watched: Service, model: Model, gateway: Gateway, tmp_path: Path) -> None:
    def write() -> bool:
        """One conversation of each kind, and whether everything is there."""
        for text, behaviour, outcome in (
            ("Yes I can come", "agree", "ok"),
            ("Ewan ko", "500", "ok"),
            ("No, sorry", "disagree", "unauthorized"),
        ):
            number = new_number()
            model.behaviours[f"{text} {number}"], gateway.behaviours[number] = behaviour, outcome
            watched.send(number, f"{text} {number}")
        return not empty(address)

    with prometheus(tmp_path, f"localhost:{watched.port}") as address:
        wait_until(write, 120, lambda: "\n".join(empty(address)), every=1)
        rules = [rule for group in asked(address, "rules")["groups"] for rule in group["rules"]]
    assert rules
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] == "err"] == []
