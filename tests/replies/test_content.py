from collections.abc import Sequence
from typing import Any

import pytest

from batches.models import Channel
from classification.engines.rules.document import CategoryEntry
from classification.models import Category, Origin
from classification.rulesets import drafts, live, store
from classification.rulesets.publishing import Refused, publish
from replies import choosing, content
from replies.addressee import Addressee
from replies.content import objections
from replies.models import Template
from replies.occasion import Occasion
from replies.voice import Voice
from tests.classification.rulesets.conftest import small

pytestmark = pytest.mark.django_db


def reply_text(label: str, also: Sequence[str] = ()) -> str:
    return content.reply(label, Occasion(), also=also).body


CATEGORIES: list[dict[str, Any]] = [
    {"slug": "book", "name": "Booking", "meaning": "Wants a place.", "counts_as": "agree"},
    {
        "slug": "price",
        "name": "Price",
        "meaning": "Asks for it.",
        "reply": "It is free.",
        "mention": "It is free!",
    },
    {"slug": "place", "name": "Place", "meaning": "Asks where.", "mention": "We are in Lipa."},
    {"slug": "other", "name": "Other", "meaning": "Else.", "is_default": True},
]


@pytest.fixture
def _shop() -> None:
    """A rule set with categories of an operator's own is live."""
    row = store.insert(small(categories=CATEGORIES, rules=[]), origin=Origin.DRAFT)
    store.make_live(row, "somebody")
    live.live.cache_clear()


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("agree", "Thanks for confirming! See you soon."),
        ("disagree", "Thank you for replying."),
        ("neutral", "Thank you for replying."),
    ],
)
def test_it_answers_each_label_with_its_own_text(label: str, text: str) -> None:
    assert reply_text(label) == text


@pytest.mark.parametrize("label", ["agree", "disagree"])
def test_it_prefers_the_operators_text(settings: Any, label: str) -> None:
    settings.SMS_AUTO_REPLY_TEXT = "Salamat po!"
    assert reply_text(label) == "Salamat po!"


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize(
    ("label", "own", "text"),
    [
        ("price", "", "It is free."),
        ("price", "Salamat po!", "It is free."),
        ("book", "Salamat po!", "Salamat po!"),
        ("book", "", "Thanks for confirming! See you soon."),
        ("place", "", "Thank you for replying."),
        ("agree", "", "Thanks for confirming! See you soon."),  # of an earlier rule set
        ("nobody knows it", "", "Thank you for replying."),
    ],
)
def test_a_categorys_own_reply_comes_first_then_the_environments(
    settings: Any, label: str, own: str, text: str
) -> None:
    settings.SMS_AUTO_REPLY_TEXT = own
    assert reply_text(label) == text


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize(
    ("also", "text"),
    [
        (["place"], "It is free. We are in Lipa."),
        (["place", "place", "book"], "It is free. We are in Lipa."),
        (["price"], "It is free."),  # the matter that is answered anyway
        (["gone"], "It is free."),
    ],
)
def test_what_else_it_is_about_adds_a_sentence(also: list[str], text: str) -> None:
    assert reply_text("price", also) == text


@pytest.mark.usefixtures("_shop")
class TestMentions:
    """A template's sentence for a second matter, by language and channel; else the category's own."""

    @pytest.fixture(autouse=True)
    def _sentences(self, channel: Channel) -> None:
        common = {"category": "place", "text": "Answer"}
        Template.objects.create(**common, language="tl", mention="Nasa Lipa po kami, {name}.")
        Template.objects.create(**common, language="tl", mention="Nasa Lipa po kami.")
        Template.objects.create(**common, language="en", mention="")
        Template.objects.create(**common, language="tl", channel=channel, mention="Dito po sa {channel}.")
        choosing.live.cache_clear()

    @pytest.fixture
    def channel(self) -> Channel:
        return Channel.objects.get(slug="default")

    @pytest.mark.parametrize(
        ("who", "heard", "sentence"),
        [
            (Addressee("Ana", "tl"), "en", "Nasa Lipa po kami, Ana."),
            (Addressee(language="tl"), "en", "Nasa Lipa po kami."),
            (Addressee(), "tl", "Nasa Lipa po kami."),
            (Addressee(), "en", "We are in Lipa."),  # the English template has none: the category's own
            (Addressee(), "", "We are in Lipa."),
        ],
    )
    def test_it_speaks_the_language_of_the_reply(self, who: Addressee, heard: str, sentence: str) -> None:
        said = content.reply("price", Occasion(who, language=heard), also=["place", "place"])
        assert said.body == f"It is free. {sentence}"

    def test_the_channels_own_comes_first(self, channel: Channel) -> None:
        occasion = Occasion(voice=Voice(name="Klinika"), language="tl")
        said = content.reply("price", occasion, channel_id=channel.id, also=["place"])
        assert said.body == "It is free. Dito po sa Klinika."

    def test_one_that_cannot_be_filled_is_told_and_not_used(self, caplog: pytest.LogCaptureFixture) -> None:
        Template.objects.create(category="place", text="Answer", language="en", mention="{nme}")
        choosing.live.cache_clear()
        assert content.reply("price", Occasion(language="en"), also=["place"]).body == (
            "It is free. We are in Lipa."
        )
        assert "is not used: {nme} is no variable" in caplog.text


@pytest.mark.parametrize(
    ("texts", "fields"),
    [
        ({"reply": "x" * 306, "mention": "x" * 300}, []),
        ({"reply": "x" * 307}, ["reply"]),
        ({"mention": "ж" * 135}, ["mention"]),
        ({"reply": "x" * 307, "mention": "ж" * 135}, ["reply", "mention"]),
    ],
)
def test_it_objects_to_texts_that_would_never_be_sent(
    settings: Any, texts: dict[str, str], fields: list[str]
) -> None:
    settings.SMS_MAX_SEGMENTS = 2
    found = list(objections(CategoryEntry.model_validate(CATEGORIES[0] | texts)))
    assert [field for field, _ in found] == fields
    assert all("3 SMS segments, and SMS_MAX_SEGMENTS allows 2" in problem for _, problem in found)


@pytest.mark.django_db(transaction=True)
def test_a_draft_with_such_a_text_is_not_published(django_user_model: Any) -> None:
    user = django_user_model.objects.create_superuser("ana")
    drafts.load(small())
    Category.objects.filter(slug="agree").update(reply="x" * 460)
    with pytest.raises(Refused) as refused:
        publish(user, "a longer thank-you", override="a small one")
    assert refused.value.problems == [
        "category agree, reply: The text takes 4 SMS segments, and SMS_MAX_SEGMENTS allows 3."
    ]
    Category.objects.filter(slug="agree").update(reply="x" * 459)
    assert publish(user, "a thank-you of three segments", override="a small one").number == 2
