"""Have conversations read by an engine, without a trace: nothing is written, and no circuit is moved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter

from django.conf import settings

from classification.asking import ENGINES
from classification.decision import EngineAttempt
from classification.engines.base import Context, EngineError, Verdict
from classification.labels import Label
from classification.models import RuleSet
from classification.prices import cost
from classification.rulesets import store
from classification.rulesets.live import Live, live

# So many failures in a row, and the rest would only fail as well.
MAX_FAILURES = 5
# The protocols that a model may speak (OPENAI_KIND), without the second that importing them takes.
KINDS = ("chat", "responses", "decisions")


class EngineAway(Exception):
    """The engine failed too often in a row; the message says how."""


@dataclass(frozen=True)
class Answer:
    """What the engine says; `label` is undecided and `failure` its code where it failed. `cost` is in US dollars."""

    label: str
    milliseconds: float
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    failure: str = ""


# A conversation's texts and its question, to an answer.
Reader = Callable[[Sequence[str], str], Answer]


def ruleset(number: int | None) -> Live:
    """A published rule set, compiled; None is the live one. Raises RuleSet.DoesNotExist and store.Unreadable."""
    if number is None:
        return live()
    row = RuleSet.objects.get(number=number)
    return Live(row.pk, row.number, store.compiled(row))


def reader(name: str, rules: Live) -> Reader:
    """The engine of this name, as it would read with that rule set live."""
    engine = ENGINES[name]
    engine.preload()

    def read(texts: Sequence[str], question: str) -> Answer:
        start = perf_counter()
        try:
            verdict = engine.classify(texts, Context(rules, question))
        except EngineError as error:
            return _answer(name, Label.UNDECIDED, start, error, failure=error.code)
        return _answer(name, verdict.label, start, verdict)

    return read


@contextmanager
def asking(model: str, kind: str) -> Iterator[None]:
    """Within it, this process asks another model than the settings say; an empty `kind` leaves the protocol.

    For a command, which has its process to itself.
    """
    before = settings.OPENAI_MODEL, settings.OPENAI_KIND
    settings.OPENAI_MODEL, settings.OPENAI_KIND = model, kind or settings.OPENAI_KIND
    try:
        yield
    finally:
        settings.OPENAI_MODEL, settings.OPENAI_KIND = before


def read_all(read: Reader, conversations: Iterable[tuple[Sequence[str], str]]) -> Iterator[Answer]:
    """The answers in order, as they come. Raises EngineAway."""
    failures = 0
    for texts, question in conversations:
        answer = read(texts, question)
        failures = failures + 1 if answer.failure else 0
        if failures == MAX_FAILURES:
            raise EngineAway(f"no verdict {failures} times in a row: {answer.failure}")
        yield answer


def _answer(name: str, label: str, start: float, told: Verdict | EngineError, failure: str = "") -> Answer:
    milliseconds = (perf_counter() - start) * 1000
    billed = EngineAttempt(name, told.model, input_tokens=told.input_tokens, output_tokens=told.output_tokens)
    return Answer(
        label,
        milliseconds,
        told.model,
        told.input_tokens or 0,
        told.output_tokens or 0,
        Decimal(0) if told.input_tokens is None else cost([billed]),
        failure,
    )
