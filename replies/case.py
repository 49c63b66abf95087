"""What the rules of the policy are made of: the case that they look at, the decision that they come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from replies import limits
from replies.addressee import ANYBODY, Addressee
from replies.limits import Bound
from replies.models import ReplyKind
from replies.quiet import QuietHours, QuietPolicy
from replies.standing import Standing
from replies.voice import Voice

COMMANDS = limits.COMMANDS
CONSENT_NEEDED = frozenset({ReplyKind.AUTOMATIC, ReplyKind.CORRECTION})
AUTOMATIC = frozenset({ReplyKind.AUTOMATIC})
EVERY = frozenset(ReplyKind)


@dataclass(frozen=True)
class Decision:
    """`reason` is the rule's name, `explanation` is for people; both are empty when allowed.

    `wait`: not now, but in so many seconds, when everything is asked again.
    """

    allowed: bool
    reason: str = ""
    explanation: str = ""
    wait: float = 0


@dataclass(frozen=True)
class Terms:
    """What the channel says about replies. `own_numbers` are those of every channel (E.164)."""

    enabled: bool = True
    region: str = "PH"
    own_numbers: frozenset[str] = frozenset()
    short_codes: bool = False  # may be answered
    provider_confirms: bool = False
    quiet: QuietHours = field(default_factory=QuietHours)
    voice: Voice = field(default_factory=Voice)


@dataclass(frozen=True)
class Case:
    """What is known when somebody asks: of the conversation, the reply and this moment.

    `when_stale` is empty for a conversation of now, else what is to become of an old one: "answer", "hold", "skip".
    `texts` are those of the conversation, empty where they were judged before.
    """

    to: str
    channel_id: int
    sender_kind: str = "number"
    kind: str = ReplyKind.AUTOMATIC
    label: str = ""
    segments: int = 1
    texts: Sequence[str] = ()
    terms: Terms = field(default_factory=Terms)
    addressee: Addressee = ANYBODY
    when_stale: str = ""
    sounds_like_opt_out: bool = False
    bounds: Sequence[Bound] = ()
    standing: Standing = field(default_factory=Standing)

    @property
    def quiet_for(self) -> float:
        """Seconds until the channel's quiet hours are over; 0 when there are none now."""
        quiet = self.terms.quiet
        return 0 if quiet.policy == QuietPolicy.ANSWER else quiet.seconds_left(self.standing.now)

    @property
    def repeats(self) -> bool:
        """Whether the sender says the same for the time that is too many."""
        most = settings.REPEATED_TEXTS
        before = self.standing.used.get(limits.heard(self.channel_id, self.to, self.texts).key, 0)
        return bool(most and self.texts and before + 1 >= most)

    @property
    def echoes(self) -> bool:
        """Whether one of the texts is what we have told the sender within a day."""
        return any(key in self.standing.used for key in limits.echoes(self.channel_id, self.to, self.texts))

    def beyond(self, rule: str) -> str:
        """Which limit of the rule the reply would break, for people."""
        bound = limits.exceeded(self.bounds, rule, self.standing)
        return f"It would be too many: {bound.limit}." if bound else ""

    def until_free(self, rule: str) -> float:
        """Seconds until the limit of the rule lets the reply pass; 0 when it does now."""
        bound = limits.exceeded(self.bounds, rule, self.standing)
        return max(self.standing.remaining.get(bound.count.key, 60), 0.1) if bound else 0


@dataclass(frozen=True)
class Rule:
    """Refuses the replies for which `holds` is true or a sentence, which then stands for `why`.

    `again`: asked once more before the call. `for_a_person`: somebody may have the reply sent all the same.
    """

    name: str
    why: str
    holds: Callable[[Case], bool | str]
    kinds: frozenset[ReplyKind] = EVERY
    again: bool = False
    for_a_person: bool = False

    def decide(self, case: Case) -> Decision | None:
        found = case.kind in self.kinds and self.holds(case)
        return Decision(False, self.name, found if isinstance(found, str) else self.why) if found else None


@dataclass(frozen=True)
class Pause:
    """Lets replies wait for so many `seconds`, and then everything is asked again; 0: no need."""

    name: str
    why: str
    seconds: Callable[[Case], float]
    kinds: frozenset[ReplyKind] = EVERY
    again = True
    for_a_person = False

    def decide(self, case: Case) -> Decision | None:
        wait = self.seconds(case) if case.kind in self.kinds else 0
        return Decision(False, self.name, self.why, wait) if wait else None


ALLOWED = Decision(True)
