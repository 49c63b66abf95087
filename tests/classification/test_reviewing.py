"""The queue of verdicts that a person should look at."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from classification import reviewing
from classification.models import Classification
from tests.classification.conftest import judge
from tests.classification.test_corrections import judged

pytestmark = pytest.mark.django_db


def queue(count: int) -> list[Classification]:
    return [judged(sender=f"+63917{number:07}", review="sample") for number in range(count)]


def walk(reviewer: User) -> list[int]:
    """What a reviewer is shown who skips everything."""
    shown, after = list[int](), 0
    while row := reviewing.next_for(reviewer, after):
        shown.append(row.id)
        after = row.id
    return shown


def age_corrections(minutes: int) -> None:
    with connection.cursor() as cursor:
        then = timezone.now() - timedelta(minutes=minutes)
        cursor.execute("UPDATE classification_correction SET at = %s", [then])


def test_it_holds_what_has_a_reason_and_no_correction_the_oldest_first(ana: User) -> None:
    first, second, third = queue(3)
    judged(sender="+639180000000", review="")
    assert walk(ana) == [first.id, second.id, third.id]
    judge(second, ana, "agree")
    assert walk(ana) == [first.id, third.id]


def test_it_counts_what_is_left_by_reason(ana: User) -> None:
    rows = queue(2)
    judged(sender="+639180000000", review="disagreement")
    assert reviewing.left() == {"disagreement": 1, "sample": 2}
    for row in rows:
        judge(row, ana, "agree")
    assert reviewing.left() == {"disagreement": 1}


def test_those_who_review_at_the_same_time_are_shown_different_ones(ana: User, ben: User) -> None:
    rows = queue(8)
    judge(rows[0], ana, "agree")
    judge(rows[1], ben, "agree")
    one, other = reviewing.next_for(ana), reviewing.next_for(ben)
    assert one
    assert other
    assert one != other
    assert {one.id, other.id} == {rows[2].id, rows[3].id}


def test_one_helps_with_the_others_share(ana: User, ben: User) -> None:
    rows = queue(3)
    judge(rows[0], ana, "agree")
    judge(rows[1], ben, "agree")
    assert reviewing.next_for(ana) == reviewing.next_for(ben) == rows[2]


def test_who_stopped_ten_minutes_ago_has_no_share(ana: User, ben: User) -> None:
    rows = queue(4)
    judge(rows[0], ben, "agree")
    age_corrections(minutes=11)
    assert walk(ana) == [row.id for row in rows[1:]]


@pytest.mark.parametrize(("count", "told"), [(0, ""), (2, "2"), (99, "99"), (101, "99+")])
def test_the_sidebars_number_is_bounded(count: int, told: str) -> None:
    Classification.objects.bulk_create(
        Classification(batch=judged().batch, label="agree", review="sample", latency_ms=0)
        for _ in range(count)
    )
    assert reviewing.about() == told
