"""The alert rules: each fires when it should and not otherwise.

promtool judges: two machines, a and b, that read the same rows, each with a release that answers (8001) and one that
is not running (8002); 100 minutes, a sample each. Where it is not installed, these tests are not collected (see
conftest.py).
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project.test_watching import RULES, alerts, expressions

# A series of every machine: name, labels, and its values in promtool's words.
Series = tuple[str, Mapping[str, str], str]
Change = tuple[str, str, str, str]  # machines, name, labels, values
FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'


def series(name: str, values: str, **labels: str) -> Series:
    return (name if name == "up" else f"smsconsolidator_{name}", labels, values)


def healthy() -> Iterator[Series]:
    """600 messages and 180 conversations an hour, all answered at once."""
    yield series("up", "1x100", job="smsconsolidator")
    for name, value in (
        ("database_up", 1),
        ("spool_up", 1),
        ("sweep_age_seconds", 0.4),
        ("events_behind", 20),
    ):
        yield series(name, f"{value}x100")
    for name in ("batch_oldest_overdue_seconds", "queue_oldest_seconds", "batches_requeued_total"):
        yield series(name, "0x100")
    for state in ("waiting", "failed"):
        yield series("spool_messages", "0x100", state=state)
    yield series("messages_total", "0+10x100", channel="default")
    for name in ("batches_opened_total", "batches_closed_total"):
        yield series(name, "0+3x100", channel="default")
    for outcome, values in (("replied", "0+3x100"), ("error", "0x100"), ("undecided", "0x100")):
        yield series("batches_settled_total", values, channel="default", outcome=outcome)
    for outcome, values in (("sent", "0+3x100"), ("refused", "0x100"), ("unknown", "0x100")):
        yield series("replies_total", values, outcome=outcome)
    yield series("reply_reasons_total", "0x100", outcome="suppressed", reason="ceiling")
    yield series("reply_reasons_total", "0x100", outcome="postponed", reason="ceiling_per_minute")
    yield series("reply_reasons_total", "0x100", outcome="withdrawn", reason="stopped")
    yield series("reply_reasons_total", "0+3x100", outcome="postponed", reason="quiet_hours")
    yield from histogram("batch_close_lateness_seconds", "0+3x100", "0.05", "3.0", "10.0")
    yield from histogram("provider_call_duration_seconds", "0+3x100", "0.5", "4.0", "8.0", provider="smsgate")
    yield from histogram("webhook_request_duration_seconds", "0+5x100", "0.05", "0.5", "1.0", status="200")
    yield series("webhook_request_duration_seconds_count", "0x100", status="503")
    yield series("webhook_messages_total", "0x100", result="rejected")
    yield series("replies_stopped", "0x100", channel="*")
    yield series("batches", "0x100", status="postponed")
    yield series("model_circuit_open", "0x100", engine="openai", model="m")
    yield series("model_calls_total", "0+3x100")
    yield series("model_errors_total", "0x100", reason="timeout")
    yield series("model_cost_dollars_total", "0+0.001x100")
    yield series("resident_memory_bytes", "240e6x100", role="web")
    yield series("processes", "3x100", role="web")


def histogram(name: str, values: str, *bounds: str, **labels: str) -> Iterator[Series]:
    for bound in (*bounds, "+Inf"):
        yield series(f"{name}_bucket", values, le=bound, **labels)


# What happens, the alerts that it sets off, and how: whose series (with what in its labels) then has which values.
CASES: list[tuple[str, list[str], list[Change]]] = [
    ("all is well", [], []),
    ("a web server is gone", ["ServiceDown"], [("a", "up", "", "1x50 0x50")]),
    (
        "the database is away",
        ["DatabaseAway", "SpoolInUse"],
        [("ab", "database_up", "", "1x50 0x50"), ("a", "spool_messages", "waiting", "0x50 0+7x50")],
    ),
    (
        "no sweep runs",
        ["NothingClosesBatches", "BatchesOverdue"],
        [
            ("ab", "sweep_age_seconds", "", "0.4x50 60+60x50"),
            ("ab", "batch_oldest_overdue_seconds", "", "0x50 60+60x50"),
        ],
    ),
    ("no sweep has ever run", ["NothingClosesBatches"], [("ab", "sweep_age_seconds", "", "_x100")]),
    (
        "batches are closed late",
        ["ClosingLate"],
        [
            ("ab", "batch_close_lateness_seconds_bucket", bound, "0+3x50 300+2x50")
            for bound in ("0.05", "3.0")
        ],
    ),
    ("no worker takes tasks", ["QueueOld"], [("ab", "queue_oldest_seconds", "", "0.1x50 60+60x50")]),
    ("workers die", ["WorkersDie"], [("ab", "batches_requeued_total", "", "0x50 0+2x50")]),
    (
        "no engine can decide",
        ["ProcessingFailed"],
        [("ab", "batches_settled_total", "undecided", "0x92 1x8")],
    ),
    ("processes grow", ["HighMemory"], [("a", "resident_memory_bytes", "", "240e6x50 1500e6x50")]),
    ("each message is a batch", ["NotConsolidating"], [("ab", "messages_total", "", "0+3x100")]),
    (
        "more replies than conversations",
        ["TooManyReplies"],
        [("ab", "replies_total", "sent", "0+3x50 300+9x50")],
    ),
    (
        "more replies than conversations, while others wait for the morning",
        ["TooManyReplies"],
        [("ab", "batches", "postponed", "200x100"), ("ab", "replies_total", "sent", "0+3x50 300+9x50")],
    ),
    (
        "in the morning what the quiet hours held is sent",
        [],
        [
            ("ab", "batches", "postponed", "200x92 0x7"),
            ("ab", "replies_total", "sent", "0+3x92 479+3x7"),
        ],
    ),
    (
        "one reply of which nobody knows",
        ["RepliesUnknown"],
        [("ab", "replies_total", "unknown", "0x92 1x8")],
    ),
    ("the provider refuses", ["ProviderRefusing"], [("ab", "replies_total", "refused", "0x50 0+2x50")]),
    (
        "the provider is slow",
        ["ProviderSlow"],
        [("ab", "provider_call_duration_seconds_bucket", bound, "0x100") for bound in ("0.5", "4.0")],
    ),
    ("somebody forgets the switch", ["RepliesSwitchedOff"], [("ab", "replies_stopped", "", "0x50 1x50")]),
    *(
        (
            f"{reason} holds replies back",
            ["RepliesStopped"],
            [("ab", "reply_reasons_total", reason, "0x92 2x8")],
        )
        for reason in ("ceiling", "ceiling_per_minute", "stopped")
    ),
    (
        "the model fails and is left alone",
        ["ModelLeftAlone", "ModelFailing"],
        [
            ("ab", "model_circuit_open", "", "0x50 1x50"),
            ("ab", "model_errors_total", "", "0x50 0+2x50"),
        ],
    ),
    ("the model is dear", ["ModelDear"], [("ab", "model_cost_dollars_total", "", "0+0.5x100")]),
    (
        "the webhook can take nothing",
        ["WebhookFailing", "SpoolUnusable"],
        [
            ("b", "webhook_request_duration_seconds_count", "503", "0x96 2x4"),
            ("b", "spool_up", "", "1x50 0x50"),
        ],
    ),
    (
        "the webhook is slow",
        ["WebhookSlow"],
        [("ab", "webhook_request_duration_seconds_bucket", bound, "0+4x100") for bound in ("0.05", "0.5")],
    ),
    ("messages cannot be read", ["MessagesRejected"], [("a", "webhook_messages_total", "", "0x92 3x8")]),
    ("messages were set aside", ["SpoolSetAside"], [("b", "spool_messages", "failed", "0x50 2x50")]),
    ("the figures are behind", ["FiguresBehind"], [("ab", "events_behind", "", "20x50 500000x50")]),
]


def case(name: str, fire: list[str], changes: list[Change]) -> dict[str, Any]:
    """One case as promtool reads it."""
    rows = [
        row(name, labels, f"{machine}:8001", changed(name, labels, machine, values, changes))
        for name, labels, values in healthy()
        for machine in "ab"
    ]
    rows += [row("up", {"job": "smsconsolidator"}, f"{machine}:8002", "0x100") for machine in "ab"]
    return tried(name, fire, rows)


def row(name: str, labels: Mapping[str, str], target: str, values: str) -> dict[str, str]:
    """One series of a target, with the labels that Prometheus adds (docs/monitoring.md)."""
    told = dict(labels) | {"instance": target, "machine": target.partition(":")[0]}
    return {"series": f"{name}{json_labels(told)}", "values": values}


def tried(name: str, fire: list[str], rows: list[dict[str, str]], asked: str = FIRING) -> dict[str, Any]:
    """Which alerts are to fire: in the end, or whenever `asked` looks."""
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in fire]
    test = {"expr": asked, "eval_time": "100m", "exp_samples": expected}
    return {"name": name, "interval": "1m", "input_series": rows, "promql_expr_test": [test]}


def json_labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def changed(name: str, labels: Mapping[str, str], machine: str, values: str, changes: list[Change]) -> str:
    for machines, of, among, instead in changes:
        its_name = name.removeprefix("smsconsolidator_") == of and machine in machines
        if its_name and (not among or among in labels.values()):
            return instead
    return values


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program, "promtool is needed: apt install prometheus"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def judged(cases: list[dict[str, Any]], folder: Path) -> None:
    """promtool finds every case as it is written."""
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}
    file = folder / "cases.yml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    done = promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_has_nothing_to_say_against_the_rules() -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_no_other_does(tmp_path: Path) -> None:
    judged([case(*one) for one in CASES], tmp_path)


def test_no_alert_is_without_a_case() -> None:
    assert {alert for _, fire, _ in CASES for alert in fire} == {rule["alert"] for rule in alerts()}


@pytest.mark.parametrize("where", ["alerts", "dashboard"])
def test_promql_is_understood(where: str, tmp_path: Path) -> None:
    """As recording rules, for promtool reads no dashboard. Grafana's own variables get a value."""
    rules = [
        {
            "record": f"read:{number}",
            "expr": expression.replace("$__rate_interval", "5m").replace("$__range", "1h"),
        }
        for number, expression in enumerate(expressions()[where])
    ]
    file = tmp_path / "read.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "read", "rules": rules}]}))
    done = promtool("check", "rules", "--lint=none", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
