"""What is answered, as those who write its reply need it."""

from dataclasses import dataclass, field
from typing import Any

from replies.addressee import ANYBODY, Addressee
from replies.case import Case, Terms
from replies.models import ReplyKind
from replies.occasion import Occasion
from replies.senders import ENVIRONMENT
from replies.senders.base import Account


@dataclass(frozen=True)
class Conversation:
    """A batch, and what is known around it.

    `terms` and `account` are its channel's, `addressee` is what is known of its sender, `language` the one that it
    seems to be written in, `count` the number of its messages. `when_stale` is empty for a conversation of now.
    """

    batch_id: int
    channel_id: int
    to: str
    sender_kind: str = "number"
    terms: Terms = field(default_factory=Terms)
    account: Account = ENVIRONMENT
    addressee: Addressee = ANYBODY
    language: str = ""
    count: int = 1
    when_stale: str = ""

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.addressee, self.terms.voice, self.language, self.count)

    def case(self, kind: ReplyKind, segments: int, **more: Any) -> Case:
        """What the policy looks at for a reply of so many segments."""
        return Case(
            self.to,
            self.channel_id,
            self.sender_kind,
            kind,
            segments=segments,
            terms=self.terms,
            addressee=self.addressee,
            when_stale=self.when_stale,
            **more,
        )
