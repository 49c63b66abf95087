import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from replies.senders import SENDERS, get_sender, memory
from replies.senders.base import SendKind, refused
from tests.replies.conftest import NUMBER


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_it_finds_each_sender_by_its_name(settings: Any, name: str) -> None:
    settings.SMS_SENDER = name
    assert get_sender().name == name


def test_it_knows_no_other_sender(settings: Any) -> None:
    settings.SMS_SENDER = "pigeon"
    with pytest.raises(ImproperlyConfigured, match="SMS_SENDER: 'pigeon'"):
        get_sender()


def test_it_prints_one_readable_line(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.SMS_SENDER = "console"
    with caplog.at_level(logging.INFO):
        get_sender().send(NUMBER, "Thank you.\nSee you!", reference="reply-7")
    assert caplog.messages == [
        f'REPLY PRINTED (console) | To: {NUMBER} | Reference: reply-7 | "Thank you. See you!"'
    ]


def test_it_names_what_masking_looks_for(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.SMS_SENDER = "console"
    with caplog.at_level(logging.INFO):
        get_sender().send(NUMBER, "Thanks", reference="reply-7")
    assert caplog.records[0].args == {"to": NUMBER, "body": "Thanks", "reference": "reply-7"}


def test_it_accepts_on_the_console_with_an_id_of_its_own(settings: Any) -> None:
    settings.SMS_SENDER = "console"
    first, second = (get_sender().send(NUMBER, "Thanks", reference="reply-7") for _ in range(2))
    assert first.kind == SendKind.ACCEPTED
    assert first.provider_message_id != second.provider_message_id


def test_it_keeps_what_was_sent_to_memory() -> None:
    result = get_sender().send(NUMBER, "Thanks", reference="reply-7")
    assert memory.outbox == [memory.Sms(NUMBER, "Thanks", "reply-7")]
    assert result.kind == SendKind.ACCEPTED


def test_it_answers_from_memory_as_scripted_and_then_accepts() -> None:
    memory.next_results.append(refused("x", "no"))
    kinds = [get_sender().send(NUMBER, "Thanks", reference="reply-7").kind for _ in range(2)]
    assert kinds == [SendKind.REFUSED, SendKind.ACCEPTED]
