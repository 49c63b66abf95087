"""Windows that end early when the answer is complete, and wait for the rest of a long SMS."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from batches import adaptive, closing, split_parts
from batches.clock import Now
from batches.models import Batch, Message
from batches.pipeline import process
from batches.reporting import page
from batches.reporting.figures import Report
from batches.reporting.gathering import Period, gather
from batches.reporting.windows import Windows
from batches.timeline import timeline
from batches.window_watch import WindowWatch
from classification import services as classification
from replies.senders import memory
from tests.batches.conftest import age, arrive, closed, done, kinds

pytestmark = pytest.mark.django_db(transaction=True)

PART = ("I will be there at nine with my two brothers and our aunt " * 4)[:153]
REST = "and we bring the tent"


@pytest.fixture(autouse=True)
def _adaptive(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.ADAPTIVE_WINDOW = "on"


@pytest.fixture
def watch() -> WindowWatch:
    return WindowWatch()


def look(watch: WindowWatch) -> int:
    watch._looked_at = 0
    return watch.look()


def window(batch: Batch) -> float:
    """Seconds from the first message to the end of the window."""
    batch.refresh_from_db()
    return round((batch.closes_at - batch.opened_at).total_seconds(), 1)


class TestWhatIsComplete:
    @pytest.mark.parametrize(
        "texts",
        [
            ["Yes"], ["Opo, pupunta ako"], ["Sorry, I can't"], ["hindi po ako makakapunta"], ["Yes", "I'll be there"],
        ],
    )  # fmt: skip
    def test_a_firm_answer_is(self, texts: list[str]) -> None:
        assert adaptive.is_complete(texts)

    @pytest.mark.parametrize(
        "texts",
        [
            ["Yes but"], ["opo pupunta ako pero"], ["Yes,"], ["Yes..."], ["Yes, what time?"], ["What time?", "Yes"],
            ["ok"], ["Thanks"], ["hello"], ["maybe"], ["Yes I can come if"], ["asdf"], [""], ["Yes", ""], ["👍"],
            ["Yes, kasi"], ["I can come and"], ["Yes -"],
        ],
    )  # fmt: skip
    def test_these_are_not(self, texts: list[str]) -> None:
        assert not adaptive.is_complete(texts)


class TestParts:
    @pytest.mark.parametrize(
        ("text", "full"),
        [
            ("x" * 149, False), ("x" * 150, True), ("x" * 153, True), ("x" * 160, True), ("x" * 161, False),
            ("ж" * 63, False), ("ж" * 64, True), ("ж" * 67, True), ("ж" * 70, True), ("ж" * 71, False),
            ("x" * 66, False), ("ж" * 153, False), ("€" * 76, True), ("x" * 152 + ".", False), ("x" * 152 + "?", False),
        ],
    )  # fmt: skip
    def test_a_part_is_as_long_as_its_encoding_allows(self, text: str, full: bool) -> None:
        assert split_parts.is_full_part(text) is full

    def test_parts_are_read_as_one_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = list[list[str]]()
        classify = classification.classify

        def told(texts: list[str], **context: Any) -> Any:
            calls.append(texts)
            return classify(texts, **context)

        monkeypatch.setattr(classification, "classify", told)
        batch = done(closed(PART, REST, "thank you", seconds=80))
        assert calls == [[PART + REST, "thank you"]]
        first = next(entry for entry in timeline(batch) if entry.text == PART)
        assert dict(first.facts)["Read as"].startswith("one text with the next message")

    def test_not_those_that_are_far_apart(self) -> None:
        batch = arrive(PART, REST)
        last = batch.messages.last()
        assert last
        Message.objects.filter(id=last.id).update(received_at=F("received_at") + timedelta(seconds=16))
        assert split_parts.joined(list(batch.messages.all())) == [PART, REST]


class TestOn:
    def test_a_complete_answer_ends_it_after_a_silence(self, watch: WindowWatch) -> None:
        batch = arrive("Yes, I can come")
        assert look(watch) == 1
        assert window(batch) == 10
        assert kinds(batch) == ["opened", "window_changed"]
        assert batch.window_ends_at == batch.opened_at + timedelta(seconds=60)
        age(batch, 11)
        assert closing.close_due() == 1

    def test_a_question_takes_that_back(self, watch: WindowWatch) -> None:
        batch = arrive("Yes, I can come")
        look(watch)
        arrive("what time?")
        assert look(watch) == 1
        assert window(batch) == 60
        assert batch.events.get(kind="window_changed", data__why="the answer is complete no more")

    def test_a_part_makes_it_wait(self, watch: WindowWatch) -> None:
        batch = arrive(PART)
        age(batch, 55)
        Message.objects.update(received_at=Now())
        assert look(watch) == 1
        assert 69 <= window(batch) <= 71
        arrive(REST)
        assert batch.messages.count() == 2

    def test_never_by_more_than_fifteen_seconds(self, watch: WindowWatch) -> None:
        batch = arrive(PART)
        age(batch, 59)
        Message.objects.update(received_at=Now())
        look(watch)
        arrive(PART)
        Message.objects.update(received_at=Now())
        look(watch)
        assert window(batch) <= 75
        assert batch.window_ends_at
        assert (batch.window_ends_at - batch.opened_at).total_seconds() == pytest.approx(60, abs=0.1)

    def test_it_looks_again_only_when_a_message_has_joined(self, watch: WindowWatch) -> None:
        arrive("hello")
        assert [look(watch), look(watch)] == [0, 0]
        Batch.objects.update(window_ends_at=Now())
        assert look(watch) == 0

    def test_a_message_that_comes_meanwhile_keeps_it(
        self, watch: WindowWatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = arrive("Yes, I can come")
        end_of = adaptive.end_of

        def slow(messages: Any, looked_at: Batch) -> adaptive.End:
            arrive("at what time?")
            return end_of(messages, looked_at)

        with monkeypatch.context() as patch:
            patch.setattr(adaptive, "end_of", slow)
            assert look(watch) == 0
        assert window(batch) == 60

    def test_a_window_that_is_over_stays_over(self, watch: WindowWatch) -> None:
        batch = arrive(PART)
        age(batch, 61)
        Message.objects.update(received_at=Now() - timedelta(seconds=1.5))
        assert look(watch) == 0
        assert window(batch) == 60

    @pytest.mark.parametrize("mode", ["off", "shadow"])
    def test_it_moves_nothing_unless_it_is_on(self, watch: WindowWatch, settings: Any, mode: str) -> None:
        settings.ADAPTIVE_WINDOW = mode
        batch = arrive("Yes, I can come")
        assert look(watch) == 0
        assert window(batch) == 60


class TestShadow:
    @pytest.fixture(autouse=True)
    def _shadow(self, settings: Any) -> None:
        settings.ADAPTIVE_WINDOW = "shadow"

    def settled(self, *texts: str, after: float = 0, sender: str = "+639171234567") -> Batch:
        """A batch whose texts came `after` seconds one after the other."""
        batch = arrive(*texts, sender=sender)
        age(batch, 61)
        for number, message in enumerate(batch.messages.order_by("id")):
            came = Batch.objects.get(id=batch.id).opened_at + timedelta(seconds=number * after)
            Message.objects.filter(id=message.id).update(received_at=came)
        closing.close_due()
        process(batch.id, "worker")
        return batch

    def test_it_records_what_it_would_have_done(self) -> None:
        told = self.settled("Yes, I can come").events.get(kind="window_shadow").data
        assert (told["saved_seconds"], told["left_out"]) == (50, 0)
        assert told["why"] == "a complete answer, and then silence"

    def test_also_what_it_would_have_missed(self) -> None:
        told = (
            self.settled("Yes, I can come", "at 6", "with Ben", after=20)
            .events.get(kind="window_shadow")
            .data
        )
        assert (told["saved_seconds"], told["left_out"]) == (50, 2)

    def test_the_report_says_what_it_would_have_saved(self, settings: Any) -> None:
        settings.SENDER_REPLIES_PER_MINUTE = 0
        self.settled("Yes, I can come")
        self.settled("Yes, I can come", "at 6", after=20, sender="+639181234567")
        self.settled("hello", sender="+639181234568")
        self.settled(PART, PART[:151], after=55, sender="+639181234569")
        found = today()
        assert (found.batches, found.ended_early, found.cut_short, found.left_out) == (4, 2, 1, 1)
        assert (found.saved_median, found.extended, found.joined) == (50, 1, 0)

    def test_the_rest_that_came_in_time_is_counted(self) -> None:
        first = self.settled(PART, PART[:151], after=55)
        second = arrive(REST)
        first.refresh_from_db()
        Batch.objects.filter(id=second.id).update(opened_at=first.closes_at + timedelta(seconds=3))
        event = first.events.get(kind="window_shadow")
        assert event.data["saved_seconds"] == pytest.approx(-10, abs=0.1)
        assert today().joined == 1

    @pytest.mark.parametrize("format", ["text", "html", "csv", "json"])
    def test_every_format_tells_of_it(self, format: str) -> None:
        self.settled("Yes, I can come")
        out = StringIO()
        call_command("consolidation_report", format=format, stdout=out)
        told = "ended_early" if format in ("csv", "json") else "Would have ended early"
        assert told in out.getvalue()

    def test_what_was_really_moved_is_told_too(self, settings: Any) -> None:
        settings.ADAPTIVE_WINDOW = "on"
        batch = arrive("Yes, I can come")
        WindowWatch().look()
        batch.refresh_from_db()
        assert batch.window_ends_at is not None
        assert today().moved == 1

    def test_it_is_not_recorded_when_it_is_off(self, settings: Any) -> None:
        settings.ADAPTIVE_WINDOW = "off"
        assert "window_shadow" not in kinds(self.settled("Yes, I can come"))
        report = reported()
        assert report.windows is None
        assert "adaptive" not in page.document(report).lower()


def reported() -> Report:
    return gather(Period(timezone.now() - timedelta(days=1), timezone.now()))


def today() -> Windows:
    found = reported().windows
    assert found
    return found
