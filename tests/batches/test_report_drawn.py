"""The report as a page with charts, and with bars on a terminal."""

import pytest
from django.utils import timezone

from batches.models import Batch
from batches.reporting.figures import Report, Saving
from batches.reporting.page import document as document_of
from batches.reporting.page import short
from batches.reporting.terminal import EIGHTHS, bar
from classification.models import Classification
from tests.batches.test_consolidation_report import attempt, run
from tests.batches.test_replay import recorded

pytestmark = pytest.mark.django_db


class TestPage:
    def test_it_is_one_document_that_asks_for_nothing(self) -> None:
        recorded("Yes", days=0.01)
        page = run("--format", "html")
        assert page.startswith("<!DOCTYPE html>")
        assert "default-src 'none'; style-src 'unsafe-inline'" in page
        for asking in ("http:", "https:", "src=", "<script", "<link", "url(", "@import", "on" + "load="):
            assert asking not in page.replace("http-equiv", "")
        assert "prefers-color-scheme: dark" in page

    def test_what_strangers_wrote_is_text(self) -> None:
        hostile = '"><script>alert(1)</script>\u202e'
        batch = recorded("Yes", days=0.01, sender=hostile, label="<b>label")
        Batch.objects.filter(id=batch.id).update(label="<b>label")
        bad = attempt("openai", "<img src=x>")
        Classification.objects.create(batch=batch, label="x", engine="<i>", latency_ms=1, attempts=[bad])
        page = run("--format", "html")
        for markup in ("<script", "<b>label", "<img", "<i>"):
            assert markup not in page
        assert "&lt;b&gt;label" in page
        assert "\u202e" not in page

    def test_the_charts_stand_on_the_figures(self) -> None:
        for size in (1, 1, 2):
            recorded(*["Yes"] * size, days=0.01)
        page = run("--format", "html")
        assert "<title>1: 2</title>" in page
        assert "<title>2: 1</title>" in page

    def test_large_numbers_find_room_and_can_be_read(self) -> None:
        report = Report(timezone.now(), timezone.now(), "", "UTC", batches=1_234_567)
        report.sizes[1], report.verdicts["rules"] = 1_234_567, 1_234_567
        page = document_of(report)
        assert "<title>1: 1,234,567</title>" in page
        assert ">1.2M</text>" in page
        assert '<td class="n">1,234,567</td>' in page

    @pytest.mark.parametrize(
        ("count", "told"),
        [(999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9951, "10k"), (999_499, "999k"), (999_500, "1.0M")],
    )
    def test_a_count_above_a_column_has_four_characters_at_most(self, count: int, told: str) -> None:
        assert short(count) == told

    def test_an_empty_one(self) -> None:
        assert "What consolidation did" in run("--format", "html")


class TestBars:
    @pytest.mark.parametrize(
        ("count", "most", "drawn"),
        [(0, 0, ""), (0, 9, ""), (9, 9, "██"), (1, 2, "█"), (1, 999, EIGHTHS[1]), (3, 8, "▊")],
    )
    def test_what_there_is_can_be_seen(self, count: int, most: int, drawn: str) -> None:
        assert bar(count, most, width=2) == drawn

    def test_nothing_to_save_is_no_saving(self) -> None:
        assert Saving(0, 0, None, None, "USD").share == 0
