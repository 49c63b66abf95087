"""How often verdicts are right, the chart of it, and the page that shows both."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classification.evaluation.chart import HEIGHT, WIDTH, chart
from classification.evaluation.trend import WEEKS, Share, trend
from classification.models import Classification, RuleSet
from tests.batches.conftest import browser
from tests.classification.conftest import judge
from tests.classification.test_corrections import judged

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:classification_correction_accuracy")


def monday() -> datetime:
    now = timezone.now()
    return (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def said(reviewer: User, means: str, weeks_ago: int = 0, **fields: Any) -> Classification:
    """A verdict, agreement unless told otherwise, on the Monday so many weeks ago, and what a person says of it."""
    told = {"review": "sample", "engine": "rules"} | fields
    row = judged(sender=f"+63917{Classification.objects.count():07}", **told)
    with connection.cursor() as cursor:
        at = monday() - timedelta(weeks=weeks_ago)
        cursor.execute("UPDATE classification_classification SET created_at = %s WHERE id = %s", [at, row.id])
    judge(row, reviewer, means)
    return row


class TestShare:
    @pytest.mark.parametrize(
        ("right", "rows", "low", "high"),
        [  # the values of R's binom.wilson
            (0, 10, 0.0, 0.2775),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (81, 100, 0.7222, 0.8749),
            (1, 1, 0.2065, 1.0),
        ],
    )
    def test_its_interval_is_wilsons(self, right: int, rows: int, low: float, high: float) -> None:
        assert list(Share(right, rows).interval) == pytest.approx([low, high], abs=2e-4)

    def test_of_nothing_it_says_nothing(self) -> None:
        assert (Share(0, 0).accuracy, Share(0, 0).interval) == (None, (0.0, 1.0))


class TestTrend:
    def test_the_sample_is_apart_from_what_was_doubtful(self, ana: User) -> None:
        said(ana, "agree")
        said(ana, "disagree", review="not_sure")
        found = trend()
        assert (found.whole.all, found.whole.sample) == (Share(1, 2), Share(1, 1))
        assert {part.name: part.all for part in found.reasons} == {
            "Random sample": Share(1, 1),
            "The rules are not sure": Share(0, 1),
        }

    def test_each_week_has_its_own(self, ana: User) -> None:
        said(ana, "agree")
        said(ana, "disagree", weeks_ago=1)
        said(ana, "agree", weeks_ago=WEEKS - 1)
        said(ana, "agree", weeks_ago=WEEKS)  # too long ago
        found = trend()
        assert len(found.weeks) == WEEKS
        assert [week.sample for week in found.weeks] == [
            Share(1, 1), *[Share(0, 0)] * (WEEKS - 3), Share(0, 1), Share(1, 1)
        ]  # fmt: skip
        assert found.weeks[-1].start == monday().date()
        assert found.whole.all == Share(2, 3)

    def test_engines_and_rule_sets(self, ana: User) -> None:
        published = RuleSet.objects.create(number=77, document={}, digest="", origin="draft")
        said(ana, "agree", engine="openai", ruleset=published, review="")
        said(ana, "disagree")
        found = trend()
        engines = {part.name: (part.all, part.sample) for part in found.engines}
        assert engines == {"openai": (Share(1, 1), Share(0, 0)), "rules": (Share(0, 1), Share(0, 1))}
        assert [part.name for part in found.rulesets] == ["Rule set 77", "–"]
        assert [part.name for part in found.reasons] == ["Chosen by a person", "Random sample"]

    def test_what_the_machine_said_against_what_people_say(self, ana: User) -> None:
        said(ana, "disagree")
        said(ana, "disagree")
        said(ana, "neutral", label="neutral")
        assert trend().confusion == {"agree": {"disagree": 2}, "neutral": {"neutral": 1}}

    def test_the_newest_judgement_counts(self, ana: User) -> None:
        row = said(ana, "disagree")
        judge(row, User.objects.create_user("ben"), "agree")
        assert trend().whole.all == Share(1, 1)

    def test_an_outage_is_neither_right_nor_wrong(self, ana: User) -> None:
        said(ana, "agree", label="undecided", engine="")
        assert trend().whole.all == Share(0, 0)


class TestChart:
    def test_better_is_higher_and_later_is_further_right(self, ana: User) -> None:
        said(ana, "disagree", weeks_ago=1)
        said(ana, "agree")
        older, newer = chart(trend().weeks).sample
        assert older.x < newer.x
        assert older.y > newer.y
        assert older.high <= older.y <= older.low

    def test_everything_is_inside(self, ana: User) -> None:
        for number in range(4):
            said(ana, "agree" if number % 2 else "neutral", weeks_ago=number * 3)
        drawn = chart(trend().weeks)
        for point in (*drawn.sample, *drawn.others):
            assert 0 < point.x < WIDTH
            assert 0 < point.high <= point.low < HEIGHT
        assert drawn.grid[-1][1] == 100

    def test_without_a_judgement_it_is_empty(self) -> None:
        drawn = chart(trend().weeks)
        assert (drawn.sample, drawn.line, len(drawn.weeks)) == ((), "", WEEKS)


class TestPage:
    def test_it_shows_the_figures(self, ana: User, admin_client: Client) -> None:
        said(ana, "agree")
        said(ana, "disagree")
        page = admin_client.get(PAGE).content.decode()
        for told in ("Random sample: 50% of 2 (9 to 91%)", "<svg", "What the machine said", "<polyline"):
            assert told in page

    def test_its_chart_needs_no_inline_style_or_script(self, ana: User, admin_client: Client) -> None:
        said(ana, "agree")
        drawn = admin_client.get(PAGE).content.decode().split("<svg")[1].split("</svg>")[0]
        assert "style=" not in drawn
        assert "<script" not in drawn

    def test_without_a_judgement_it_says_so(self, admin_client: Client) -> None:
        assert "Nobody has judged a verdict" in admin_client.get(PAGE).content.decode()

    @pytest.mark.parametrize("role", ["viewer", "operator", "supervisor"])
    def test_every_role_sees_it(self, role: str) -> None:
        assert browser(role).get(PAGE).status_code == 200

    def test_others_do_not(self, client: Client) -> None:
        client.force_login(User.objects.create_user("eve", is_staff=True))
        assert client.get(PAGE).status_code == 403
