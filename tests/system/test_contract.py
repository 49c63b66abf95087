"""The scenarios of the service that this one replaces, against running processes."""

import time

from tests.system.numbers import new_number
from tests.system.providers import THANKS_FOR_CONFIRMING, Gateway, Model
from tests.system.service import Service
from tests.system.stories import Story

WINDOW = 2  # seconds, as in conftest.py


def test_it_answers_a_single_message_once(service: Service, sender: str, gateway: Gateway) -> None:
    service.send(sender, "Yes")

    [batch] = service.wait_for_settled(sender)

    assert (batch.status, batch.label, batch.outcome) == ("completed", "agree", "replied")
    assert [reply["status"] for reply in batch.replies] == ["sent"]
    assert gateway.sent_to(sender) == [THANKS_FOR_CONFIRMING]


def test_it_understands_three_messages_in_a_row_as_one(
    service: Service, sender: str, gateway: Gateway, model: Model
) -> None:
    texts = [f"Yes {sender}", "I can help", "but only after 6"]
    service.send(sender, *texts)

    [batch] = service.wait_for_settled(sender)

    assert batch.texts == texts
    assert [row["engine"] for row in batch.classifications] == ["openai"]
    assert model.calls(texts[0]) == 1
    assert gateway.sent_to(sender) == [THANKS_FOR_CONFIRMING]


def test_it_keeps_two_senders_apart(service: Service, sender: str, gateway: Gateway, model: Model) -> None:
    other = new_number()
    model.behaviours["No way"] = "disagree"
    for mine, theirs in (("Yes", "No way"), ("I can", "sorry")):
        service.send(sender, mine)
        service.send(other, theirs)

    [agreed], [declined] = service.wait_for_settled(sender), service.wait_for_settled(other)

    assert (agreed.texts, agreed.label) == (["Yes", "I can"], "agree")
    assert (declined.texts, declined.label) == (["No way", "sorry"], "disagree")
    assert gateway.sent_to(other) == ["Thank you for replying."]


def test_it_ignores_a_repeated_guid(service: Service, sender: str, gateway: Gateway) -> None:
    guid = f"guid-{sender}"
    first, again = service.post(sender, "Yes", guid).json(), service.post(sender, "Yes", guid).json()
    [batch] = service.wait_for_settled(sender)
    after = service.post(sender, "Yes", guid).json()

    assert [(answer["processed"], answer["skipped"]) for answer in (first, again, after)] == [
        (1, 0),
        (0, 1),
        (0, 1),
    ]
    assert service.batches(sender) == [batch]
    assert batch.texts == ["Yes"]
    assert len(gateway.sent_to(sender)) == 1


def test_it_makes_one_batch_of_ten_messages(service: Service, sender: str, gateway: Gateway) -> None:
    texts = [f"Message {number}" for number in range(10)]
    service.send(sender, *texts)

    [batch] = service.wait_for_settled(sender)

    assert batch.texts == texts
    assert len(gateway.sent_to(sender)) == 1


def test_it_reads_one_number_in_every_spelling(service: Service, sender: str) -> None:
    service.send("0" + sender.removeprefix("+63"), "Yes")
    service.send(sender.removeprefix("+"), "I can")
    service.send(sender, "help")

    [batch] = service.wait_for_settled(sender)

    assert batch.texts == ["Yes", "I can", "help"]


def test_it_opens_a_new_batch_when_the_window_is_over(
    service: Service, sender: str, gateway: Gateway
) -> None:
    start = time.monotonic()
    for at in (0, WINDOW - 1, WINDOW + 1):
        time.sleep(max(0, start + at - time.monotonic()))
        if at > WINDOW:  # on a busy machine the reply may be late, and would give way to what follows
            service.wait_for_settled(sender)
        service.send(sender, f"at {at} s")

    first, second = service.wait_for_settled(sender, batches=2)

    assert (first.texts, second.texts) == (["at 0 s", f"at {WINDOW - 1} s"], [f"at {WINDOW + 1} s"])
    assert len(gateway.sent_to(sender)) == 2


def test_it_sends_nothing_while_auto_reply_is_off(stories: dict[str, Story], gateway: Gateway) -> None:
    batches = stories["silent"].batches

    assert [batch.label for batch in batches.values()][:2] == ["agree", "disagree"]
    assert {batch.outcome for batch in batches.values()} == {"disabled"}
    assert [text for sender in batches for text in gateway.sent_to(sender)] == []
