"""Have conversations read by an engine, without a trace: nothing is written, and no circuit is moved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter

from classification import services
from classification.engines.base import Context, EngineError, Verdict
from classification.engines.rules.document import Document
from classification.engines.rules.engine import Rules
from classification.labels import Label
from classification.models import RuleSet
from classification.rulesets.live import Live, live

# So many failures in a row, and the rest would only fail as well.
MAX_FAILURES = 5


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
    """A published rule set, compiled; None is the live one. Raises RuleSet.DoesNotExist."""
    if number is None:
        return live()
    row = RuleSet.objects.get(number=number)
    return Live(row.pk, row.number, Rules(Document.model_validate(row.document)))


def reader(name: str, rules: Live) -> Reader:
    """The engine of this name, as it would read with that rule set live."""
    engine = services.ENGINES[name]()
    engine.preload()

    def read(texts: Sequence[str], question: str) -> Answer:
        start = perf_counter()
        try:
            verdict = engine.classify(texts, Context(rules, question))
        except EngineError as error:
            return _failed(error, _milliseconds(start))
        return _answer(verdict, _milliseconds(start))

    return read


def read_all(read: Reader, conversations: Iterable[tuple[Sequence[str], str]]) -> Iterator[Answer]:
    """The answers in order, as they come. Raises EngineAway."""
    failures = 0
    for texts, question in conversations:
        answer = read(texts, question)
        failures = failures + 1 if answer.failure else 0
        if failures == MAX_FAILURES:
            raise EngineAway(f"no verdict {failures} times in a row: {answer.failure}")
        yield answer


def _milliseconds(start: float) -> float:
    return (perf_counter() - start) * 1000


def _answer(verdict: Verdict, milliseconds: float) -> Answer:
    return Answer(
        verdict.label,
        milliseconds,
        verdict.model,
        verdict.input_tokens or 0,
        verdict.output_tokens or 0,
    )


def _failed(error: EngineError, milliseconds: float) -> Answer:
    return Answer(
        Label.UNDECIDED,
        milliseconds,
        error.model,
        error.input_tokens or 0,
        error.output_tokens or 0,
        failure=error.code,
    )
