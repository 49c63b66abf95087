"""One story, told to systems that differ in their settings; what they did and what they printed."""

import json
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import Batch, Service

# What the systems differ in. Empty means the default: no auto-reply.
WAYS = {
    "readable": {},
    "masked": {"LOG_MASK": "true"},
    "silent": {"LOG_FORMAT": "json", "SMS_AUTO_REPLY_ENABLED": ""},
}
TEXTS = ["Yes", "I can help", "but only after 6"]


@dataclass(frozen=True)
class Story:
    """Four conversations: three texts and a repeat; a refusal; a model that fails; a provider that refuses."""

    batches: dict[str, Batch]  # by sender
    log: Path
    report: dict[str, Any]  # what `manage.py consolidation_report` tells of it

    @property
    def senders(self) -> list[str]:
        return list(self.batches)

    def grep(self, script: str) -> list[str]:
        """The lines that an operator's script prints; `$LOG` is the log file."""
        run = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            env={"LOG": str(self.log), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.stderr == ""
        return run.stdout.splitlines()


def tell(running: AbstractContextManager[Service], model: Model, gateway: Gateway, log: Path) -> Story:
    """Tell it to one system and stop that."""
    senders = agreeing, declining, without_model, without_gateway = [new_number() for _ in range(4)]
    model.behaviours |= {"Sorry, I cannot": "disagree", "Hello?": "500"}
    gateway.behaviours[without_gateway] = "result_error"
    with running as service:
        service.send(agreeing, *TEXTS)
        for _ in range(2):
            service.post(declining, "Sorry, I cannot", guid=f"repeated-{declining}")
        for sender, text in ((without_model, "Hello?"), (without_gateway, "Sure")):
            service.send(sender, text)
        batches = {sender: service.wait_for_settled(sender)[0] for sender in senders}
        report = json.loads(service.manage("consolidation_report", "--json").stdout)
    log.write_text(service.logs(), "utf-8")
    return Story(batches, log, report)
