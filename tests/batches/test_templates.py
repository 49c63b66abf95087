"""Templates through the whole pipeline."""

from decimal import Decimal
from typing import Any

import pytest

from batches.choices import Outcome
from batches.models import Channel, SenderPreference
from batches.pipeline import process
from batches.review import review, why_not_answered
from batches.timeline import timeline
from replies import choosing
from replies.models import Template
from replies.senders import memory
from tests.batches.conftest import SENDER, closed, done, statements_to_process

pytestmark = pytest.mark.django_db
OTHER = "+639181234567"


@pytest.fixture(autouse=True)
def _replying(settings: Any, outbox: list[memory.Sms]) -> None:
    settings.SMS_SEGMENT_PRICE = Decimal("0.50")


def template(text: str = "Salamat po!", **fields: Any) -> Template:
    choosing.live.cache_clear()
    return Template.objects.create(**{"category": "agree", "text": text} | fields)


class TestPipeline:
    @pytest.mark.parametrize(
        ("texts", "own", "said"),
        [
            (["Yes I can help"], "", "Thanks!"),
            (["sige po pupunta ako"], "", "Salamat po!"),
            (["yes po pupunta ako"], "", "Salamat po!"),
            (["👍"], "", "Thanks!"),  # in no language: the channel's
            (["Yes I can help"], "tl", "Salamat po!"),
            (["sige po pupunta ako"], "en", "Thanks!"),
            (["Yes I can help"], "ceb", "Thanks!"),  # there is none in Cebuano
        ],
    )
    def test_it_speaks_the_senders_language(self, texts: list[str], own: str, said: str) -> None:
        Channel.objects.filter(slug="default").update(language="en")
        template("Salamat po!", language="tl")
        template("Thanks!", language="en")
        SenderPreference.objects.create(number=SENDER, language=own)
        batch = done(closed(*texts))
        assert (batch.outcome, [sms.body for sms in memory.outbox]) == (Outcome.REPLIED, [said])

    def test_it_knows_name_and_number_of_texts(self) -> None:
        template("Hi {name}, thanks for {count} texts to {channel}.")
        Channel.objects.filter(slug="default").update(name="Klinika")
        SenderPreference.objects.create(number=SENDER, name="Ana")
        done(closed("Yes", "I can"))
        done(closed("Yes", sender=OTHER))
        assert [sms.body for sms in memory.outbox] == [
            "Hi Ana, thanks for 2 texts to Klinika.",
            "Thanks for confirming! See you soon.",
        ]

    def test_wordings_take_turns(self) -> None:
        for text in ("One", "Two"):
            template(text)
        for number in range(4):
            done(closed("Yes", sender=f"+63917123456{number}"))
        assert sorted(sms.body for sms in memory.outbox) == ["One", "One", "Two", "Two"]

    def test_the_channels_own_is_its_own(self) -> None:
        template("Everywhere")
        template("Elsewhere", channel=Channel.objects.create(slug="other"))
        done(closed("Yes"))
        assert memory.outbox[0].body == "Everywhere"

    def test_a_channels_terms_hold(self) -> None:
        Channel.objects.filter(slug="default").update(
            gsm_safe=True, segment_price="0.02", currency="USD", segment_credits=2
        )
        template("Salamat – “po”")
        reply = done(closed("Yes")).replies.get()
        assert (reply.body, reply.made_gsm_safe) == ('Salamat - "po"', True)
        assert (reply.price, reply.currency, reply.credits) == (Decimal("0.02"), "USD", Decimal(2))

    def test_a_batch_costs_no_statement_more(self) -> None:
        done(closed("Yes", sender="+639181234569"))
        without = statements_to_process("+639181234568")
        template("Hi {name}", gsm_safe=True)
        SenderPreference.objects.create(number=SENDER, name="Ana")
        choosing.live()
        assert statements_to_process(SENDER) == without

    def test_the_story_names_the_template_and_the_cost(self) -> None:
        row = template("Salamat – po", gsm_safe=True)
        batch = done(closed("Yes"))
        facts = dict(next(entry for entry in timeline(batch) if entry.kind == "reply_created").facts)
        assert facts["Template"].startswith(f"Template {row.pk}, as saved 2")
        assert facts["Made GSM-safe"] == "characters were replaced"
        assert facts["Cost"] == "0.50 PHP"

    def test_a_correction_speaks_the_same_language(self, django_user_model: Any) -> None:
        template("Sayang naman.", category="disagree", language="tl")
        template("A pity.", category="disagree", language="en")
        batch = done(closed("sige po pupunta ako"))
        assert why_not_answered(batch, "disagree") == ""
        reviewer = django_user_model.objects.create_superuser("ana")
        assert review(batch.classifications.get(), reviewer, "disagree", send=True).queued
        process(batch.id, "worker")
        assert memory.outbox[-1].body == "Sayang naman."
