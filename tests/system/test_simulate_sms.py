"""`manage.py simulate_sms` beside a running system."""

import json
from pathlib import Path

from tests.system.numbers import new_number
from tests.system.providers import Gateway
from tests.system.service import Service


def test_it_simulates_conversations_until_they_are_answered(service: Service) -> None:
    run = service.manage(
        "simulate_sms",
        "--json",
        "--senders",
        "3",
        "--duplicates",
        "--send-real-replies",
        "--url",
        service.url,
    )

    report = json.loads(run.stdout)
    assert (run.returncode, report["problems"]) == (0, [])
    assert (report["accepted"], report["duplicates"]) == (9, 3)
    assert [(batch["messages"], batch["outcome"]) for batch in report["batches"]] == [(3, "replied")] * 3


def test_it_shows_a_table_and_fails_when_the_provider_does_not_send(
    service: Service, gateway: Gateway, sender: str, tmp_path: Path
) -> None:
    unlucky = new_number()
    gateway.behaviours[unlucky] = "result_error"
    texts = tmp_path / "texts.csv"
    texts.write_text(f"number,text\n{sender},Yes\n{unlucky},Yes\n")

    run = service.manage("simulate_sms", str(texts), "--send-real-replies")  # finds the server by PORT

    rows = {row[0]: row for line in run.stdout.splitlines() if "+63" in line for row in [_cells(line)]}
    assert rows[sender][1:5] == ["1", rows[sender][2], "Agree (openai)", "Replied"]
    assert rows[sender][5].startswith("Thanks for confirming!")
    assert f"of {unlucky}: Refused by the provider. " in run.stderr
    assert run.returncode == 1


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│ ").split("│")]
