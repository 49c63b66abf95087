import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from batches.models import Batch
from replies.models import Reply
from tests.replies.conftest import NUMBER, History, make_batch, prepare


def test_it_makes_a_reply_that_is_ours_to_send_and_tells_it(batch: Batch, history: History) -> None:
    reply = prepare(batch, history)
    assert (reply.status, reply.in_hand, reply.attempts.count()) == ("sending", True, 1)
    assert (reply.to, reply.body) == (NUMBER, "Thanks for confirming! See you soon.")
    assert history.kinds == ["reply_created", "reply_sending"]
    assert history[0][1] == {"reply_id": reply.pk, "provider": "memory"}


@pytest.mark.parametrize("enabled", [True, False])
def test_it_counts_the_segments_also_of_what_is_not_sent(
    batch: Batch, history: History, settings: Any, enabled: bool
) -> None:
    settings.SMS_AUTO_REPLY_TEXT = "Salamat – kita tayo. " * 5
    reply = prepare(batch, history, enabled=enabled)
    assert Reply.objects.get(pk=reply.pk).segments == 2


def test_it_suppresses_what_is_too_long_and_keeps_all_of_it(
    batch: Batch, history: History, settings: Any
) -> None:
    settings.SMS_AUTO_REPLY_TEXT = "x" * 307
    settings.SMS_MAX_SEGMENTS = 2
    reply = prepare(batch, history)
    reply.refresh_from_db()
    assert (reply.status, reply.reason, reply.segments) == ("suppressed", "too_long", 3)
    assert (reply.body, history.kinds) == ("x" * 307, ["reply_suppressed"])


def test_it_suppresses_with_the_reason(batch: Batch, history: History) -> None:
    reply = prepare(batch, history, enabled=False)
    assert (reply.status, reply.reason) == ("suppressed", "auto_reply_disabled")
    assert (history.kinds, history[0][1]["reason"]) == (["reply_suppressed"], "auto_reply_disabled")


def test_it_makes_no_second_live_reply(reply: Reply, history: History) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        prepare(reply.batch, history, label="disagree")
    assert (history, Reply.objects.count()) == ([], 1)


def test_it_suppresses_nothing_beside_a_live_reply(reply: Reply, history: History) -> None:
    assert prepare(reply.batch, history, enabled=False).pk == reply.pk
    assert (history, Reply.objects.count()) == ([], 1)


def test_it_repeats_no_suppression(batch: Batch, history: History) -> None:
    assert prepare(batch, history, enabled=False).pk == prepare(batch, history, enabled=False).pk
    assert history.kinds == ["reply_suppressed"]


def test_it_tells_a_new_reason_of_suppression(batch: Batch, history: History) -> None:
    prepare(batch, history, enabled=False)
    prepare(batch, history, label="undecided")
    assert [data["reason"] for _, data in history] == ["auto_reply_disabled", "undecided"]


def test_it_makes_a_live_reply_after_a_suppressed_one(batch: Batch, history: History) -> None:
    prepare(batch, history, label="undecided")
    assert prepare(batch, history, label="agree").status == "sending"


def test_it_makes_nothing_when_the_history_cannot_be_written(batch: Batch, history: History) -> None:
    def refuse(kind: str, data: object) -> None:
        raise IntegrityError("from the history")

    with pytest.raises(IntegrityError), transaction.atomic():
        prepare(batch, refuse)
    assert not Reply.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_reply_when_many_prepare_at_once() -> None:
    batch, history, made = make_batch(), History(), list[int | None]()
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            with transaction.atomic():
                made.append(prepare(batch, history).pk)
        except IntegrityError:
            made.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.count(None) == 3
    assert [reply.pk for reply in Reply.objects.all()] == [pk for pk in made if pk]
