"""STOP and START over HTTP, as a phone sends them, with what the provider was asked to send."""

import time

from tests.system.conftest import StartService
from tests.system.database import query
from tests.system.providers import THANKS_FOR_CONFIRMING, Gateway
from tests.system.service import Service

OUT = "You will get no more automatic replies. Text START to resume."
IN = "You will get automatic replies again. Text STOP to end them."
WINDOW = 8  # seconds: long beside what a command takes


def settled(service: Service, sender: str, batches: int) -> tuple[str, str]:
    """The label and the outcome of the sender's newest batch, once it is settled."""
    newest = service.wait_for_settled(sender, batches)[-1]
    return newest.label, newest.outcome


def test_stop_ends_replies_and_start_resumes_them(
    running: StartService, sender: str, gateway: Gateway
) -> None:
    with running("opt-out", CONSOLIDATION_WINDOW=WINDOW, WEB_PROCESSES=2) as service:
        began = time.monotonic()
        service.send(sender, "Stop!")
        assert settled(service, sender, 1) == ("opt_out", "replied")
        assert time.monotonic() - began < WINDOW, "it waited for the window"
        assert service.post(sender, "STOP", guid=f"again-{sender}").json()["processed"] == 1
        assert service.post(sender, "STOP", guid=f"again-{sender}").json()["skipped"] == 1
        assert settled(service, sender, 2) == ("opt_out", "suppressed")
        assert gateway.sent_to(sender) == [OUT]

        service.send(sender, "Yes")
        assert settled(service, sender, 3) == ("agree", "suppressed")
        assert gateway.sent_to(sender) == [OUT]

        service.send(sender, "START")
        assert settled(service, sender, 4) == ("opt_in", "replied")
        service.send(sender, "Yes")
        assert settled(service, sender, 5) == ("agree", "replied")
        assert gateway.sent_to(sender) == [OUT, IN, THANKS_FOR_CONFIRMING]

        ledger = query(
            service.database,
            ["state", "words", "changed"],
            "replies_consent WHERE number = %s ORDER BY id",
            sender,
        )
        assert [(row["state"], row["words"], bool(row["changed"])) for row in ledger] == [
            ("opted_out", "Stop!", True),
            ("opted_out", "STOP", False),
            ("opted_in", "START", True),
        ]
