"""One engine's turn: asked, timed, and whatever breaks in it told."""

import logging
from collections.abc import Sequence
from time import perf_counter

from django.db import Error

from classification import budget
from classification.circuit import guarded
from classification.decision import NO_KEY, EngineAttempt, Turn
from classification.engines.base import Context, Engine, EngineError
from classification.engines.openai_engine import OpenAIEngine
from classification.engines.rules.engine import RulesEngine

log = logging.getLogger(__name__)

ENGINES: dict[str, Engine] = {"openai": OpenAIEngine(), "rules": RulesEngine()}
UNEXPECTED = "unexpected"


def ask(name: str, texts: Sequence[str], context: Context) -> Turn:
    """The engine's turn. No trouble of its own raises."""
    start = perf_counter()
    engine = ENGINES[name]
    try:
        with budget.counted(engine.endpoint(), context.channel_id), guarded(engine.endpoint()):
            verdict = engine.classify(texts, context)
    except EngineError as error:
        return Turn(_spent(_failed(name, start, error), context))
    except Exception as error:  # noqa: BLE001 - whatever breaks in one engine, another one still decides
        _report(name, error)
        return Turn(_failed(name, start, EngineError(UNEXPECTED, type(error).__name__)))
    attempt = EngineAttempt(
        name,
        verdict.model,
        milliseconds(start),
        verdict.input_tokens,
        verdict.output_tokens,
        label=verdict.label,
    )
    return Turn(_spent(attempt, context), verdict)


def milliseconds(start: float) -> int:
    """How long it is since `start` (of perf_counter)."""
    return round((perf_counter() - start) * 1000)


def _spent(attempt: EngineAttempt, context: Context) -> EngineAttempt:
    """The attempt, with what it has cost counted against the ceilings; a verdict is not lost for that."""
    try:
        budget.spent(attempt, context.channel_id)
    except Error as error:
        log.warning("What a model call cost cannot be counted: %(error)s", {"error": type(error).__name__})
    return attempt


def _failed(name: str, start: float, error: EngineError) -> EngineAttempt:
    if error.code not in (NO_KEY, UNEXPECTED):
        log.warning(
            "CLASSIFICATION FALLBACK | Engine: %(engine)s | Reason: %(code)s | Error: %(error)s",
            {"engine": name, "code": error.code, "error": str(error)},
        )
    return EngineAttempt(
        name,
        error.model,
        milliseconds(start),
        error.input_tokens,
        error.output_tokens,
        error.code,
        str(error),
    )


def _report(name: str, error: Exception) -> None:
    """Log where it broke, without the exception's own words: they may quote a text or a secret."""
    nameless = RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
    log.error("CLASSIFICATION ENGINE FAILED | Engine: %(engine)s", {"engine": name}, exc_info=nameless)
