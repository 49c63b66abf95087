"""What replies cost, by the segment. The price is the settings' of today; what the provider bills is the provider's."""

from decimal import Decimal

from django.conf import settings
from django.db.models import OuterRef, Subquery, Sum

from replies.models import Reply, ReplyStatus

# What reached the provider, or may have.
BILLED = (ReplyStatus.SENT, ReplyStatus.DELIVERED, ReplyStatus.UNDELIVERED, ReplyStatus.UNKNOWN)


def cost(reply: Reply) -> Decimal | None:
    """In SMS_CURRENCY; None where no price is set. What never left costs nothing."""
    price: Decimal | None = settings.SMS_SEGMENT_PRICE
    if price is None:
        return None
    return price * reply.segments if reply.status in BILLED else price * 0


def segments_of(batch: OuterRef) -> Subquery:
    """How many segments left, or may have left, in the replies to the batch of an outer query's row."""
    left = Reply.objects.filter(batch=batch, status__in=BILLED).order_by().values("batch")
    return Subquery(left.annotate(total=Sum("segments")).values("total"))
