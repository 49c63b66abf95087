"""How a channel speaks, and what that costs."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings


@dataclass(frozen=True)
class Voice:
    """What a channel says of the texts of its replies.

    `language` is the one for senders whose own nobody knows. `credits` are those that the provider's account loses for
    a segment, None where it holds none. What begins with `own_` comes before the settings.
    """

    name: str = ""
    language: str = ""
    gsm_safe: bool = False
    credits: Decimal | None = None
    own_limit: int | None = None
    own_price: Decimal | None = None
    own_currency: str = ""

    @property
    def max_segments(self) -> int:
        """What one reply may take."""
        return int(settings.SMS_MAX_SEGMENTS) if self.own_limit is None else self.own_limit

    @property
    def price(self) -> Decimal | None:
        """Money for one segment; None where it is not known."""
        known: Decimal | None = settings.SMS_SEGMENT_PRICE if self.own_price is None else self.own_price
        return known

    @property
    def currency(self) -> str:
        """Of the price. An own one goes with an own price."""
        own = self.own_currency if self.own_price is not None else ""
        return own or str(settings.SMS_CURRENCY)
