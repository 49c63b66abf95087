"""Which template answers whom, what is sent, and what the record says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from batches.models import Batch, Channel
from replies import choosing, content
from replies.addressee import Addressee
from replies.case import Terms
from replies.choosing import Version, choose
from replies.models import Reply, ReplyKind, Template
from replies.occasion import Occasion
from replies.voice import Voice
from tests.replies.conftest import History, prepare

HERE, THERE = 1, 2


def version(number: int, channel: int | None = None, language: str = "", **more: Any) -> Version:
    return Version(number, number, "agree", channel, language, "x", None, **more)


def occasion(own: str = "", heard: str = "", of_channel: str = "", name: str = "") -> Occasion:
    return Occasion(Addressee(name, own), Voice(language=of_channel), language=heard)


ALL = [
    version(1),
    version(2, None, "en"),
    version(3, None, "tl"),
    version(4, HERE),
    version(5, HERE, "en"),
    version(6, HERE, "tl"),
    version(7, THERE),
    version(8, None, "ceb"),
]


class TestChoice:
    @pytest.mark.parametrize(
        ("without", "who", "chosen"),
        [
            # the sender's own language, the channel's own text before the others
            ((), occasion("tl"), 6),
            ((6,), occasion("tl"), 3),
            ((3, 6), occasion("tl"), 4),
            ((), occasion("ceb"), 8),  # although only for every channel
            ((), occasion("ceb", "tl", "en"), 8),
            ((8,), occasion("ceb", "tl", "en"), 6),
            # the language of the texts, else the channel's, else any: on the channel first
            ((), occasion("", "tl"), 6),
            ((), occasion("", "tl", "en"), 6),
            ((6,), occasion("", "tl", "en"), 5),
            ((5, 6), occasion("", "tl", "en"), 4),
            ((4, 5, 6), occasion("", "tl", "en"), 3),
            ((3, 4, 5, 6), occasion("", "tl", "en"), 2),
            ((2, 3, 4, 5, 6), occasion("", "tl", "en"), 1),
            ((), occasion("", "", "en"), 5),
            ((), occasion(), 4),
            ((4,), occasion(), 1),
            ((1, 4), occasion(), None),  # all that is left is in languages that nobody speaks here
            (tuple(range(1, 9)), occasion("tl"), None),
        ],
    )
    def test_it_takes_the_nearest(self, without: tuple[int, ...], who: Occasion, chosen: int | None) -> None:
        left = [one for one in ALL if one.id not in without]
        found = choose(left, "agree", HERE, who, 0)
        assert (found and found.id) == chosen
        assert choose(left, "disagree", HERE, who, 0) is None

    def test_equals_take_turns(self) -> None:
        three = [version(1), version(2), version(3)]
        found = [choose(three, "agree", HERE, occasion(), turn) for turn in range(6)]
        assert [one and one.id for one in found] == [1, 2, 3, 1, 2, 3]

    def test_one_with_a_name_is_for_those_who_have_one(self) -> None:
        both = [version(1), version(2, HERE, needs_name=True)]
        for name, number in (("", 1), ("Ana", 2)):
            found = choose(both, "agree", HERE, occasion(name=name), 0)
            assert found
            assert found.id == number


def template(text: str = "Salamat po!", **fields: Any) -> Template:
    return Template.objects.create(**{"category": "agree", "text": text} | fields)


def sent(label: str = "agree", **how: Any) -> str:
    choosing.live.cache_clear()
    return content.reply(label, Occasion(**how)).body


@pytest.mark.django_db
class TestContent:
    def test_it_comes_before_what_the_environment_says(self, settings: Any) -> None:
        settings.SMS_AUTO_REPLY_TEXT = "From the environment"
        assert sent() == "From the environment"
        row = template()
        assert (sent(), sent("disagree")) == ("Salamat po!", "From the environment")
        row.enabled = False
        row.save()
        assert sent() == "From the environment"
        row.enabled = True
        row.save()
        assert sent() == "Salamat po!"
        row.delete()
        assert sent() == "From the environment"

    def test_it_fills_in_the_variables(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        settings.PROVIDER_TIME_ZONE = "Asia/Manila"
        monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 27, 16, 5, tzinfo=UTC))
        template("{name}: {category}, {count} sa {channel}, {date} {time}")
        said = sent(addressee=Addressee("Ana {count}"), voice=Voice(name="Klinika"), count=3)
        assert said == "Ana {count}: Agree, 3 sa Klinika, 28 Nov 2026 00:05"

    def test_commands_are_answered_by_templates_too(self, settings: Any) -> None:
        template("Tapos na po.", category="opt_out", language="tl")
        said = {
            language: content.answer(ReplyKind.STOP, Occasion(Addressee(language=language))).body
            for language in ("tl", "en")
        }
        assert said == {"tl": "Tapos na po.", "en": settings.OPT_OUT_TEXT}

    @pytest.mark.parametrize(
        ("own", "of_channel", "made"),
        [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
    )
    def test_it_is_made_gsm_safe_where_somebody_says_so(
        self, own: bool | None, of_channel: bool, made: bool
    ) -> None:
        template("It’s – José", gsm_safe=own)
        said = content.reply("agree", Occasion(voice=Voice(gsm_safe=of_channel)))
        assert (said.body, said.made_gsm_safe) == (("It's - José", True) if made else ("It’s – José", False))

    def test_the_channels_choice_holds_for_all_texts(self, settings: Any) -> None:
        settings.SMS_AUTO_REPLY_TEXT = "Salamat – po"
        assert sent(voice=Voice(gsm_safe=True)) == "Salamat - po"
        assert not content.reply("disagree", Occasion()).made_gsm_safe

    def test_what_was_written_past_the_forms_is_told_and_not_used(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        template("{name.__class__}")
        assert sent() == "Thanks for confirming! See you soon."
        assert "is not used: {name.__class__} is no variable" in caplog.text

    def test_it_asks_the_database_once_in_two_seconds(self, django_assert_num_queries: Any) -> None:
        template()
        choosing.live.cache_clear()
        with django_assert_num_queries(1):
            for _ in range(3):
                choosing.live()

    def test_it_goes_on_with_what_it_knows_while_the_database_is_away(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        from django.db import OperationalError

        def fail(*_args: Any) -> None:
            raise OperationalError

        template()
        known = choosing.live()
        monkeypatch.setattr(choosing.live, "seconds", 0.0)
        monkeypatch.setattr("django.db.models.query.QuerySet.values_list", fail)
        assert choosing.live() == known
        assert "The templates cannot be read" in caplog.text


class TestRecord:
    def test_the_reply_names_the_version_it_was_made_of(self, batch: Batch, history: History) -> None:
        row = template("First")
        reply = prepare(batch, history)
        row.text = "Second"
        row.save()
        stored = Reply.objects.select_related("template_version").get(pk=reply.pk)
        version: Any = stored.template_version
        assert (stored.body, version.id, version.text) == ("First", row.pk, "First")
        assert row.history.count() == 2
        row.delete()
        stored.refresh_from_db()
        assert stored.body == "First"

    def test_without_one_it_names_none(self, batch: Batch, history: History) -> None:
        assert Reply.objects.get(pk=prepare(batch, history).pk).template_version is None

    def test_it_says_when_characters_were_replaced(self, batch: Batch, history: History) -> None:
        template("Salamat – po", gsm_safe=True)
        reply = Reply.objects.get(pk=prepare(batch, history).pk)
        assert (reply.body, reply.made_gsm_safe, reply.segments) == ("Salamat - po", True, 1)

    def test_one_that_was_used_stays_in_the_record_for_ever(self, batch: Batch, history: History) -> None:
        from django.db.models import ProtectedError

        row = template()
        prepare(batch, history)
        with pytest.raises(ProtectedError):
            row.history.all().delete()

    def test_the_channels_limit_holds(self, batch: Batch, history: History) -> None:
        Channel.objects.filter(pk=batch.channel_id).update(max_segments=1)
        terms = Terms(voice=Channel.objects.get(pk=batch.channel_id).voice)
        template("x" * 161)
        reply = prepare(batch, history, terms=terms)
        assert (reply.reason, reply.segments) == ("too_long", 2)
        assert reply.error == "The text takes 2 SMS segments, and the channel allows 1."


@pytest.mark.django_db
class TestRow:
    def test_it_is_stored_in_one_form(self) -> None:
        row = Template(category="agree", text="Salamat", language="FIL")
        row.full_clean()
        assert row.language == "tl"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", ""),
            ("text", "{nme}"),
            ("text", "x" * 1601),
            ("mention", "{nme}"),
            ("mention", "x" * 301),
            ("language", "tagalog"),
            ("category", ""),
        ],
    )
    def test_it_refuses_what_cannot_be_sent(self, field: str, value: str) -> None:
        with pytest.raises(ValidationError) as refused:
            Template(**{"category": "agree", "text": "Salamat"} | {field: value}).full_clean()
        assert list(refused.value.message_dict) == [field]
