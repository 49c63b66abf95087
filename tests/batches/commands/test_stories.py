"""What is written delivery by delivery, and what is sent in the end."""

import pytest

from batches.choices import BatchStatus
from batches.models import Batch
from tests.batches.commands.conftest import say, sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]
# What is written delivery by delivery, and what is sent in the end.
STORIES: list[tuple[list[list[str]], list[str]]] = [
    ([["Yes"]], ["thanks"]),
    ([["STOP"]], ["out"]),
    ([["stop."], ["STOP"], ["Unsubscribe"]], ["out"]),
    ([["STOP", "STOP"]], ["out"]),
    ([["STOP"], ["Yes"]], ["out"]),
    ([["STOP"], ["Yes"], ["START"], ["Yes"]], ["out", "in", "thanks"]),
    ([["STOP"], ["START"], ["STOP"]], ["out", "in", "out"]),
    ([["STOP", "START"]], ["in"]),
    ([["STOP", "START", "STOP"]], ["out"]),
    ([["STOP"], ["START"], ["START"]], ["out", "in", "thanks"]),
    ([["START"]], ["thanks"]),
    ([["UNSTOP"], ["Yes"]], ["thanks", "thanks"]),
    ([["Yes", "STOP"]], ["out"]),
    ([["STOP", "Yes"]], ["out"]),
    ([["HELP"]], ["help"]),
    ([["HELP"], ["info"]], ["help"]),
    ([["STOP"], ["HELP"]], ["out", "help"]),
    ([["STOP", "HELP"]], ["out"]),
    ([["HELP", "STOP"]], ["out"]),
    ([["STOP"], ["HELP"], ["INFO"], ["Yes"]], ["out", "help"]),
    ([["Yes", "I can", "help"]], ["thanks"]),
    ([["CANCEL"]], ["out"]),
    ([["cancel po"]], []),
    ([["stop texting me po"]], []),
    ([["please stop"], ["Yes"]], ["thanks"]),
    ([["wag na po", "kayo magtext"]], []),
    ([["STOP"], ["please start again"], ["ok yes start"]], ["out"]),
]


@pytest.mark.parametrize(("deliveries", "expected"), STORIES)
def test_stories(deliveries: list[list[str]], expected: list[str]) -> None:
    for texts in deliveries:
        say(*texts)
    assert sent() == expected
    assert not Batch.objects.exclude(status=BatchStatus.COMPLETED).exists()
