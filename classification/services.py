"""From texts to a verdict, and from a verdict to its row."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from time import perf_counter
from typing import Any

from django.conf import settings

from classification import rows
from classification.circuit import guarded
from classification.engines.base import Context, Endpoint, Engine, EngineError, Matter, Verdict
from classification.engines.openai_engine import OpenAIEngine
from classification.engines.rules.engine import RulesEngine
from classification.labels import Label
from classification.models import Classification
from classification.rulesets.live import live

log = logging.getLogger(__name__)

ENGINES: dict[str, Callable[[], Engine]] = {"openai": OpenAIEngine, "rules": RulesEngine}
METHOD_NAMES = {"openai": "OpenAI", "rules": "Rule-based"}
NO_KEY = "no_key"
UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class EngineAttempt:
    """One engine's turn. `code` is empty when it decided; `latency_ms` is in milliseconds."""

    engine: str
    model: str = ""
    latency_ms: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    code: str = ""
    message: str = ""

    @property
    def reason(self) -> str:
        """Why it did not decide, e.g. "openai: rate_limit: Too many requests"."""
        return ": ".join(part for part in (self.engine, self.code, self.message) if part) if self.code else ""


@dataclass(frozen=True)
class Decision:
    """The verdict on one conversation. `engine` is empty and `label` UNDECIDED when no engine could give one.

    `latency_ms` is the deciding engine's; `fallback_reason` says why those before it did not decide.
    """

    label: str
    engine: str = ""
    model: str = ""
    ruleset: int | None = None
    confidence: float | None = None
    matters: tuple[Matter, ...] = ()
    latency_ms: int = 0
    fallback_reason: str = ""
    trace: Mapping[str, Any] = field(default_factory=dict)
    attempts: tuple[EngineAttempt, ...] = ()

    @property
    def input_tokens(self) -> int | None:
        """Billed for all attempts together."""
        return _total(attempt.input_tokens for attempt in self.attempts)

    @property
    def output_tokens(self) -> int | None:
        """Billed for all attempts together."""
        return _total(attempt.output_tokens for attempt in self.attempts)

    @property
    def error(self) -> str:
        """What the engines that failed said. A key that is not set is a choice, not a failure."""
        return "; ".join(a.reason for a in self.attempts if a.code not in ("", NO_KEY))


def classify(texts: Sequence[str], *, question: str = "", sender: str = "") -> Decision:
    """The verdict of the first engine of CLASSIFICATION_ENGINES that has one. No engine's trouble raises.

    `question` is what people were asked, where that is known; `sender` is whatever tells one person from another.
    """
    context = Context(live(), question, sender)
    attempts: list[EngineAttempt] = []
    for name in settings.CLASSIFICATION_ENGINES:
        attempt, verdict = _try(name, texts, context)
        attempts.append(attempt)
        if verdict is not None:
            return _decided(attempts, verdict, context)
    reasons = _reasons(attempts)
    log.error("CLASSIFICATION FAILED | No engine could decide | Error: %(error)s", {"error": reasons})
    return Decision(Label.UNDECIDED, fallback_reason=reasons, attempts=tuple(attempts))


def preload() -> None:
    """Load what the engines need (the model's client takes a second), so that no conversation waits for it."""
    for name in settings.CLASSIFICATION_ENGINES:
        _engine(name).preload()


def endpoints() -> list[Endpoint]:
    """The services outside that classify() would call now."""
    found = [_engine(name).endpoint() for name in settings.CLASSIFICATION_ENGINES]
    return [endpoint for endpoint in found if endpoint]


def record(batch_id: int, decision: Decision) -> int:
    """Store the verdict, in the caller's transaction; gives the row's id."""
    verdict = {
        "batch_id": batch_id,
        "created_at": rows.now(),
        "label": decision.label,
        "engine": decision.engine,
        "model": decision.model,
        "ruleset_id": decision.ruleset,
        "confidence": decision.confidence,
        "matters": [asdict(matter) for matter in decision.matters],
        "other_engine": "",
        "other_label": "",
        "review": "",
        "question": "",
        "latency_ms": decision.latency_ms,
        "input_tokens": decision.input_tokens,
        "output_tokens": decision.output_tokens,
        "error": decision.error,
        "fallback_reason": decision.fallback_reason,
        "trace": dict(decision.trace),
        "attempts": [asdict(attempt) for attempt in decision.attempts],
    }
    return rows.insert(Classification, verdict)[0]


def method_name(engine: str) -> str:
    """How an engine is called in the log lines that operators search; "None" when no engine decided."""
    return METHOD_NAMES.get(engine, engine or "None")


def _try(name: str, texts: Sequence[str], context: Context) -> tuple[EngineAttempt, Verdict | None]:
    start = perf_counter()
    try:
        engine = _engine(name)
        with guarded(engine.endpoint()):
            verdict = engine.classify(texts, context)
    except EngineError as error:
        return _failed(name, start, error), None
    except Exception as error:  # noqa: BLE001 - whatever breaks in one engine, the next one still decides
        _report(name, error)
        return _failed(name, start, EngineError(UNEXPECTED, type(error).__name__)), None
    attempt = EngineAttempt(
        name, verdict.model, _milliseconds(start), verdict.input_tokens, verdict.output_tokens
    )
    return attempt, verdict


@cache
def _engine(name: str) -> Engine:
    return ENGINES[name]()


def _failed(name: str, start: float, error: EngineError) -> EngineAttempt:
    if error.code not in (NO_KEY, UNEXPECTED):
        log.warning(
            "CLASSIFICATION FALLBACK | Engine: %(engine)s | Reason: %(code)s | Error: %(error)s",
            {"engine": name, "code": error.code, "error": str(error)},
        )
    return EngineAttempt(
        name,
        error.model,
        _milliseconds(start),
        error.input_tokens,
        error.output_tokens,
        error.code,
        str(error),
    )


def _report(name: str, error: Exception) -> None:
    """Log where it broke, without the exception's own words: they may quote a text or a secret."""
    nameless = RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
    log.error("CLASSIFICATION ENGINE FAILED | Engine: %(engine)s", {"engine": name}, exc_info=nameless)


def _decided(attempts: list[EngineAttempt], verdict: Verdict, context: Context) -> Decision:
    last = attempts[-1]
    return Decision(
        label=verdict.label,
        engine=last.engine,
        model=verdict.model,
        ruleset=context.live.id,
        matters=verdict.matters,
        confidence=verdict.confidence,
        latency_ms=last.latency_ms,
        fallback_reason=_reasons(attempts),
        trace=verdict.trace,
        attempts=tuple(attempts),
    )


def _reasons(attempts: Sequence[EngineAttempt]) -> str:
    return "; ".join(attempt.reason for attempt in attempts if attempt.code)


def _milliseconds(start: float) -> int:
    return round((perf_counter() - start) * 1000)


def _total(counts: Any) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
