"""Which messages are commands, which only sound like one, and whose words they are."""

from time import monotonic
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError

from batches import keywords, shipped_keywords
from batches.choices import Command
from batches.keywords import MAX_CHARACTERS
from batches.models import Channel, Keyword
from batches.sounding import sounds_like_stop
from classification import believed
from classification.folding import fold, words

STOP, START, HELP = Command.STOP, Command.START, Command.HELP
SOFT = "soft"

# What one message is taken for: a command, something that sounds like STOP, or nothing (None).
TEXTS: list[tuple[str, Command | str | None]] = [
    ("STOP", STOP),
    ("stop", STOP),
    ("Stop.", STOP),
    ("  sToP!! ", STOP),
    ("STOP 🛑", STOP),
    ("🛑🛑 stop 🙏🏽", STOP),
    ("ＳＴＯＰ", STOP),
    ("S.T.O.P", STOP),
    ("s t o p", STOP),
    ("“Stop”", STOP),
    ("stop\u200b", STOP),
    ("STOPALL", STOP),
    ("stop all", STOP),
    ("Unsubscribe", STOP),
    ("CANCEL", STOP),
    ("end", STOP),
    ("Quit.", STOP),
    ("revoke", STOP),
    ("optout", STOP),
    ("opt out", STOP),
    ("OPT-OUT", STOP),
    ("Remove", STOP),
    ("TD", STOP),
    ("ARRET", STOP),
    ("arrêt", STOP),
    ("ARRÊTÉ", STOP),
    ("Tigil", STOP),
    ("TIGIL NA", STOP),
    ("hinto!", STOP),
    ("ayaw na", STOP),
    ("Wag na mag-text", STOP),
    ("wag na magtext", STOP),
    ("Alto", STOP),
    ("START", START),
    ("unstop", START),
    ("Start 👍", START),
    ("HELP", HELP),
    ("info?", HELP),
    # commands with something around them
    ("stop po", SOFT),
    ("please stop", SOFT),
    ("STOP PLEASE", SOFT),
    ("Stop. Thank you", SOFT),
    ("cancel po", SOFT),
    ("tigil na po", SOFT),
    ("ayaw na po", SOFT),
    ("stop na po please", SOFT),
    ("STOP 12345", SOFT),
    # other words for it
    ("stop texting me po", SOFT),
    ("Pls stop sending these messages", SOFT),
    ("stop messaging me!!!", SOFT),
    ("Don't text me anymore", SOFT),
    ("don’t contact me again", SOFT),
    ("I want to unsubscribe", SOFT),
    ("how do I opt out of this", SOFT),
    ("Remove me from your list", SOFT),
    ("please delete my number", SOFT),
    ("no more texts please", SOFT),
    ("I do not want to receive these messages", SOFT),
    ("leave me alone", SOFT),
    ("wag na po kayo magtext", SOFT),
    ("Huwag nyo na po akong i-text", SOFT),
    ("wag na kayo mag message sa akin", SOFT),
    ("tigilan nyo na pagtetext", SOFT),
    ("ayoko na po makatanggap ng text", SOFT),
    ("ayaw ko na ng mga text nyo", SOFT),
    ("pakitanggal po ng number ko", SOFT),
    # answers
    ("Yes", None),
    ("yes po", None),
    ("No", None),
    ("ayaw ko po", None),
    ("ayaw", None),
    ("wag na po", None),
    ("hindi po ako pwede", None),
    ("We have got to STOP this bill", None),
    ("I'll stop by the clinic first", None),
    ("I am at the bus stop, text me when you are there", None),
    ("Can't, have to stop by the store", None),
    ("cancel my appointment on Friday", None),
    ("remove me from the Saturday schedule", None),
    ("until the end", None),
    ("weekend", None),
    ("I need help", None),
    ("text me the info", None),
    ("restart", None),
    ("start at 8?", None),
    ("don't worry, I'll be there", None),
    ("Tama na ang oras", None),
    ("", None),
    ("🛑", None),
    ("...", None),
    ("stop " * 60, None),
]  # fmt: skip


def taken_for(text: str, channel: Channel) -> Command | str | None:
    known = keywords.live()
    heard = known.of(channel.id)
    return known.command(channel.id, text) or (SOFT if sounds_like_stop([text], heard) else None)


def reread() -> keywords.Keywords:
    keywords.live.cache_clear()
    return keywords.live()


@pytest.mark.parametrize(("text", "meant"), TEXTS)
def test_texts(channel: Channel, text: str, meant: Command | str | None) -> None:
    assert taken_for(text, channel) == meant


@pytest.mark.parametrize(
    ("burst", "sounds"),
    [
        (["wag na po", "kayo magtext"], True),
        (["please stop", "sending these"], True),
        (["Yes", "cancel po"], True),
        (["Yes", "I will be there"], False),
        (["I am at the last", "stop", "text me"], False),
        (["bus stop", "text me"], False),
    ],
)
def test_bursts(channel: Channel, burst: list[str], sounds: bool) -> None:
    assert sounds_like_stop(burst, {"cancel": STOP}) is sounds


def test_folding_leaves_letters_and_digits() -> None:
    assert [fold(text) for text in ("Ｓ-T.O-P! 🛑", "stôp", "STRASSE", "straße", "１2")] == [
        "stop", "stop", "strasse", "strasse", "12",
    ]  # fmt: skip
    assert words("Don’t  mag-text, Ñino!") == ["dont", "mag", "text", "nino"]


class TestChannels:
    def test_a_channels_own_word_is_heard_there_alone(self, channel: Channel) -> None:
        other = Channel.objects.create(slug="other")
        Keyword.objects.create(channel=channel, action=STOP, word="Tama na!")
        known = reread()
        assert (known.command(channel.id, "tama na"), known.command(other.id, "tama na")) == (STOP, None)

    @pytest.mark.parametrize(("action", "enabled", "means"), [(STOP, False, None), (HELP, True, HELP)])
    def test_a_channels_own_row_comes_first(
        self, channel: Channel, action: Command, enabled: bool, means: Command | None
    ) -> None:
        Keyword.objects.create(channel=channel, action=action, word="cancel", enabled=enabled)
        known = reread()
        assert known.command(channel.id, "Cancel") == means
        assert known.of(channel.id).get("cancel") == means
        assert known.command(Channel.objects.create(slug="other").id, "Cancel") == STOP

    def test_yes_is_an_answer_until_somebody_says_otherwise(self, channel: Channel) -> None:
        assert keywords.live().command(channel.id, "YES") is None
        Keyword.objects.filter(word="YES").update(enabled=True)
        assert reread().command(channel.id, "yes") == START


class TestKeyword:
    @pytest.mark.parametrize("word", ["", "🛑!", "ﷺ" * 5])
    def test_it_needs_letters_and_not_too_many(self, db: None, word: str) -> None:
        with pytest.raises(ValidationError, match=r"letters and digits|blank"):
            Keyword(action=STOP, word=word).full_clean()

    def test_a_word_is_there_once_in_any_spelling(self, channel: Channel) -> None:
        with pytest.raises(ValidationError, match="there already: STOP"):
            Keyword(action=HELP, word="s-t-o-p").full_clean()
        Keyword(action=HELP, word="stop", channel=channel).full_clean()

    def test_a_long_text_is_no_command(self, channel: Channel) -> None:
        assert keywords.live().command(channel.id, "!" * MAX_CHARACTERS + "stop") is None
        assert keywords.live().command(channel.id, "stop" + "!" * (MAX_CHARACTERS - 4)) == STOP


class TestShipped:
    def test_what_an_operator_deletes_stays_deleted(self, db: None) -> None:
        Keyword.objects.filter(word="CANCEL").delete()
        Keyword.objects.filter(word="END").update(enabled=False)
        before = list(Keyword.objects.values_list("word", "enabled"))
        shipped_keywords.sync()
        assert list(Keyword.objects.values_list("word", "enabled")) == before

    def test_a_later_versions_word_is_added_once(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        later = shipped_keywords.SHIPPED | {(STOP, "de"): ("STOPPEN", "stop")}
        monkeypatch.setattr(shipped_keywords, "SHIPPED", later)
        shipped_keywords.sync()
        assert Keyword.objects.filter(folded__in=["stoppen", "stop"]).count() == 2

    def test_an_operators_own_word_is_kept(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        Keyword.objects.create(action=HELP, word="Stoppen")
        monkeypatch.setattr(shipped_keywords, "SHIPPED", {(STOP, "de"): ("STOPPEN",)})
        shipped_keywords.sync()
        assert Keyword.objects.get(folded="stoppen").action == HELP


class TestLive:
    def test_it_asks_the_database_once_in_two_seconds(self, db: None, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            for _ in range(100):
                keywords.live()

    def test_another_nodes_change_is_seen(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        before, later = keywords.live(), monotonic() + keywords.BELIEVED
        Keyword.objects.filter(word="STOP").delete()
        assert keywords.live() is before
        monkeypatch.setattr(believed, "monotonic", lambda: later)
        assert "stop" not in keywords.live().common

    def test_while_the_database_is_away_the_words_are_the_last_ones(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, later = keywords.live(), monotonic() + keywords.BELIEVED
        monkeypatch.setattr(believed, "monotonic", lambda: later)

        def away(*_args: Any) -> None:
            raise OperationalError("the database is away")

        monkeypatch.setattr("django.db.models.query.QuerySet.values_list", away)
        assert keywords.live() is before
