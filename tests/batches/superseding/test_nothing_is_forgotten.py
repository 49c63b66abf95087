"""Texts that were carried over are answered or shown to a person, whatever happens to the later batch."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from batches import pipeline, texts
from batches.choices import Outcome
from batches.models import Batch
from batches.pipeline import process
from batches.reprocess import SKIPPED, reprocess
from batches.review import why_not_answered
from batches.timeline import timeline
from classification.asking import ENGINES
from tests.batches.conftest import arrive, close, closed, done
from tests.batches.superseding.conftest import come
from tests.support.engines import Broken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestNothingIsForgotten:
    @pytest.fixture
    def pair(self) -> tuple[Batch, Batch]:
        first, second = closed("Yes"), arrive("sorry, I cannot")
        done(first)
        return first, close(second)

    def test_when_the_successors_worker_dies(
        self, pair: tuple[Batch, Batch], monkeypatch: pytest.MonkeyPatch, understood: list[list[str]]
    ) -> None:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(pipeline, "_write_verdict", _interrupt)
            process(pair[1].id, "worker")
        second = come(pair[1])
        assert (second.outcome, second.label) == (Outcome.REPLIED, "disagree")
        assert understood[-1] == ["Yes", "sorry, I cannot"]

    def test_when_no_engine_can_decide(
        self, pair: tuple[Batch, Batch], monkeypatch: pytest.MonkeyPatch, understood: list[list[str]]
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setitem(ENGINES, "rules", Broken())
            assert done(pair[1]).status == "failed"
        reprocess([pair[1].id], actor="admin:ana")
        assert done(pair[1]).outcome == Outcome.REPLIED
        assert understood[-1] == ["Yes", "sorry, I cannot"]

    def test_when_a_person_has_to_decide(self, pair: tuple[Batch, Batch]) -> None:
        pair[1].messages.update(text="please remove me from your list")
        second = done(pair[1])
        assert (second.outcome, second.carry_overs) == (Outcome.HELD, 1)
        assert texts.whole(second)[0].text == "Yes"

    def test_an_operator_is_told_where_they_are(self, pair: tuple[Batch, Batch]) -> None:
        [result] = reprocess([pair[0].id], actor="admin:ana", resend_unknown=True)
        assert (result.action, result.detail) == (
            SKIPPED,
            f"its texts are answered with batch {pair[1].id}: process that one",
        )
        first = Batch.objects.get(id=pair[0].id)
        assert why_not_answered(first, "disagree") == (
            f"The conversation went on: batch {pair[1].id} answers it."
        )

    def test_the_story_links_both_ways(self, pair: tuple[Batch, Batch]) -> None:
        first, second = (Batch.objects.get(id=batch.id) for batch in pair)
        [carried] = [entry for entry in timeline(second) if entry.kind == "carried_over"]
        assert (carried.text, carried.other) == ("Yes", first.id)
        assert timeline(first)[-1].other == second.id

    def test_the_pages_link_both_ways(self, pair: tuple[Batch, Batch], admin_client: Client) -> None:
        first, second = pair
        for here, there in ((first, second), (second, first)):
            html = admin_client.get(reverse("admin:batches_batch_change", args=[here.id])).content.decode()
            assert html.count(reverse("admin:batches_batch_change", args=[there.id])) == 2  # head and story


def _interrupt(*_args: Any) -> None:
    raise KeyboardInterrupt
