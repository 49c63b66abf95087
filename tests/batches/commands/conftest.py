"""What the tests of STOP, START and HELP share."""

from datetime import datetime
from itertools import count

from batches.choices import BatchStatus
from batches.inbound.base import InboundSms
from batches.models import Batch
from batches.pipeline import process
from replies.senders import memory
from tests.batches.conftest import SENDER, arrive, close

THANKS = "Thanks for confirming! See you soon."
OUT, IN = (
    "You will get no more automatic replies. Text START to resume.",
    ("You will get automatic replies again. Text STOP to end them."),
)
HELP = "Texts to this number are answered automatically. Text STOP to get no more automatic replies, START to resume."
SHORT = {OUT: "out", IN: "in", HELP: "help", THANKS: "thanks", "Thank you for replying.": "thanks"}
_guids = count(1)


def sms(text: str, guid: str = "", received_at: datetime | None = None) -> InboundSms:
    return InboundSms(guid or f"c-{next(_guids)}", SENDER, text, None, "", "{}", received_at)


def sent() -> list[str]:
    """What has been sent, in short."""
    return [SHORT[one.body] for one in memory.outbox]


def work() -> None:
    """The workers' turn: everything that is closed is processed."""
    for batch_id in (
        Batch.objects.filter(status=BatchStatus.CLOSED).order_by("id").values_list("id", flat=True)
    ):
        process(batch_id, "worker")


def settle(batch: Batch) -> Batch:
    """Let the batch's window be over, if it is open still, and have it processed."""
    batch.refresh_from_db()
    if batch.status == BatchStatus.OPEN:
        close(batch)
    work()
    batch.refresh_from_db()
    return batch


def say(*texts: str) -> Batch:
    """One delivery, processed to its end."""
    return settle(arrive(*texts))
