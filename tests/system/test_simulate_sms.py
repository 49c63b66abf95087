"""`manage.py simulate_sms` beside a running system."""

import json
from pathlib import Path

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


def test_it_shows_people_a_table(service: Service) -> None:
    run = service.manage("simulate_sms", "--send-real-replies")  # finds the server by PORT

    assert (run.returncode, run.stderr) == (0, "")
    assert "agree (openai)" in run.stdout
    assert "Thanks for confirming! See you soon." in " ".join(run.stdout.split())


def test_it_fails_when_the_provider_does_not_send(
    service: Service, gateway: Gateway, sender: str, tmp_path: Path
) -> None:
    gateway.behaviours[sender] = "result_error"
    texts = tmp_path / "texts.csv"
    texts.write_text(f"number,text\n{sender},Yes\n")

    run = service.manage("simulate_sms", str(texts), "--send-real-replies")

    assert run.returncode == 1
    assert f"of {sender}: Refused by the provider. " in run.stderr
