"""What a simulation sends, and when."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from random import Random

# As people write: a decision, spread over several texts.
CONVERSATIONS = (
    ("Yes", "I can help", "but only after 6"),
    ("Sorry", "I cannot make it", "maybe next week"),
    ("Opo", "kaya ko po", "mga 6pm nandyan na ako"),
    ("Hello", "who is this?", "what time is it?"),
    ("Hindi ako pwede", "may trabaho ako", "pasensya na po"),
    ("OK 👍", "see you there", "thanks!"),
)
AFTERTHOUGHTS = (
    "by the way",
    "is there parking?",
    "I will bring my brother",
    "salamat po",
    "text me when you are there",
)
LONGEST_PAUSE = 1.5  # seconds between two texts of one person
SHARE_OF_WINDOW = 0.6  # how much of its window a burst takes at most


@dataclass(frozen=True)
class Planned:
    """One SMS to post, `at` seconds after the start. `origin` says where it comes from, for error messages."""

    at: float
    number: str
    text: str
    guid: str
    origin: str


def bursts(
    senders: int,
    size: int,
    window: float,
    rng: Random,
    new_number: Callable[[], str],
    new_guid: Callable[[], str],
) -> list[Planned]:
    """A burst of `size` messages from each of `senders` new numbers, each short enough for a window (seconds)."""
    plan = []
    for sender, texts in enumerate(islice(cycle(CONVERSATIONS), senders), start=1):
        number, at = new_number(), rng.uniform(0, 1) if sender > 1 else 0.0
        longest = min(LONGEST_PAUSE, SHARE_OF_WINDOW * window / size)
        for count, text in enumerate(islice(_endless(texts), size), start=1):
            plan.append(Planned(at, number, text, new_guid(), f"sender {sender}, message {count}"))
            at += rng.uniform(longest / 3, longest)
    return in_time(plan)


def _endless(texts: Sequence[str]) -> Iterable[str]:
    yield from texts
    yield from cycle(AFTERTHOUGHTS)


def repeated(plan: Sequence[Planned], rng: Random) -> list[Planned]:
    """The plan with about every third message posted a second time under the same GUID, at least one."""
    twice = rng.sample(plan, k=(len(plan) + 2) // 3)
    again = [replace(one, at=one.at + 0.05, origin=f"{one.origin} (repeated)") for one in twice]
    return in_time([*plan, *again])


def faster(plan: Sequence[Planned], speed: float) -> list[Planned]:
    """The plan with every pause divided by `speed`."""
    return [replace(one, at=one.at / speed) for one in plan]


def in_time(plan: Iterable[Planned]) -> list[Planned]:
    """The plan by the time at which each message is posted."""
    return sorted(plan, key=lambda one: one.at)
