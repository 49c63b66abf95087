from decimal import Decimal
from typing import Any

import pytest
from django.db.models import OuterRef

from batches.models import Batch
from replies.costs import cost, segments_of
from replies.models import Reply
from tests.replies.conftest import make_batch


@pytest.mark.parametrize(
    ("price", "status", "amount"),
    [
        (Decimal("0.35"), "sent", Decimal("0.70")),
        (Decimal("0.35"), "delivered", Decimal("0.70")),
        (Decimal("0.35"), "unknown", Decimal("0.70")),
        (Decimal("0.35"), "suppressed", Decimal("0.00")),
        (Decimal("0.35"), "refused", Decimal("0.00")),
        (None, "sent", None),
    ],
)
def test_a_reply_costs_its_segments(
    settings: Any, price: Decimal | None, status: str, amount: Decimal | None
) -> None:
    settings.SMS_SEGMENT_PRICE = price
    assert str(cost(Reply(segments=2, status=status))) == str(amount)


def test_it_adds_up_what_left_for_a_batch(batch: Batch) -> None:
    untouched = make_batch()
    Batch.objects.filter(pk=untouched.pk).update(sender="+639181234567")
    for status, kind, segments in [
        ("sent", "automatic", 2),
        ("unknown", "correction", 1),
        ("suppressed", "automatic", 9),
    ]:
        Reply.objects.create(
            batch=batch, kind=kind, to="+1", body="x", segments=segments, provider="memory", status=status
        )
    rows = Batch.objects.annotate(total=segments_of(OuterRef("pk"))).order_by("id")
    assert list(rows.values_list("total", flat=True)) == [3, None]
