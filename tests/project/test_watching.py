"""What watches the service: each alert has an entry in the run-book, and what alerts and dashboard ask for exists."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from batches.leases import LEADER
from batches.models import Lease
from smsconsolidator.env import BASE_DIR

RULES = BASE_DIR / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = BASE_DIR / "deploy" / "grafana" / "smsconsolidator.json"
RUN_BOOK = BASE_DIR / "docs" / "troubleshooting.md"
NAME = re.compile(r"smsconsolidator_\w+")


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> dict[str, list[str]]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return {"alerts": [rule["expr"] for rule in alerts()], "dashboard": asked}


def test_each_alert_has_an_entry_in_the_run_book_and_says_where() -> None:
    headings = re.findall(r"^### (\w+)$", RUN_BOOK.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in alerts())
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["alerts", "dashboard"])
def test_what_is_asked_exists(client: Client, settings: Any, where: str) -> None:
    settings.OPENAI_API_KEY = "sk-1"  # so that there is a circuit
    Lease.objects.update_or_create(name=LEADER, defaults={"beat_at": datetime.now(UTC)})
    families = list(text_string_to_metric_families(client.get("/metrics").content.decode()))
    endings: dict[str, tuple[str, ...]] = {
        "counter": ("_total",),
        "histogram": ("_bucket", "_count", "_sum"),
    }
    there = {family.name + ending for family in families for ending in endings.get(family.type, ("",))}
    expressions_there = expressions()[where]
    named = {name for expression in expressions_there for name in NAME.findall(expression)}
    assert named
    assert named <= there


def test_counts_are_shown_without_the_fractions_of_an_increase() -> None:
    """Prometheus extrapolates: three unknown replies were 3.1."""
    panels = {panel["title"]: panel for panel in json.loads(DASHBOARD.read_text())["panels"]}
    shown = panels["Unknown replies, 24 h"]["fieldConfig"]["defaults"]
    assert shown["decimals"] == 0
