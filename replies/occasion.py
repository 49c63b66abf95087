"""What a reply is written for: who gets it, in which channel's voice, after what conversation."""

from dataclasses import dataclass, field

from replies.addressee import ANYBODY, Addressee
from replies.voice import Voice


@dataclass(frozen=True)
class Occasion:
    """One conversation that may be answered. `language` is the one it seems to be written in, empty if none stands out.

    `count` is the number of its messages.
    """

    addressee: Addressee = ANYBODY
    voice: Voice = field(default_factory=Voice)
    language: str = ""
    count: int = 1

    @property
    def languages(self) -> list[str]:
        """In which it may be answered where the addressee has named none, the best first; the empty one means any."""
        known = filter(None, (self.language, self.voice.language))
        return [*dict.fromkeys(known), ""]
