"""From texts to a verdict, and from a verdict to its row."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from classification import injection, memory, rows
from classification.asking import ENGINES, ask
from classification.decision import Decision, Hearing
from classification.engines.base import Context, Endpoint, Matter, Verdict
from classification.engines.untrusted import visible
from classification.labels import Label
from classification.models import Classification
from classification.models.record import QUESTION_LENGTH
from classification.modes import MODES, engines
from classification.outage import disconnect
from classification.prices import cost
from classification.rulesets.live import live
from classification.safety import Judgement, judged, sampled

log = logging.getLogger(__name__)

__all__ = ["Decision", "classify", "endpoints", "method_name", "preload", "record"]

MAX_MATTER = 300  # characters
METHOD_NAMES = {"openai": "OpenAI", "rules": "Rule-based", memory.ENGINE: "Memory"}


def classify(
    texts: Sequence[str], *, question: str = "", sender: str = "", channel_id: int | None = None
) -> Decision:
    """The verdict on one conversation, by CLASSIFICATION_MODE. No engine's trouble raises.

    `question` is what people were asked, where that is known; `sender` is whatever tells one person from another,
    and does not leave the service. A model call counts against the ceilings of `channel_id`; None: against none.
    """
    context = Context(live(), question[:QUESTION_LENGTH], _pseudonym(sender), channel_id)
    remembered = memory.recall(texts, context)
    if remembered and remembered.verdict:
        verdict = remembered.verdict
        judgement = Judgement(verdict.label, verdict.matters, sampled())
        return _decision(Hearing((remembered,), remembered), verdict, judgement, context, texts)
    hearing = MODES[settings.CLASSIFICATION_MODE](partial(ask, texts=texts, context=context))
    if not hearing.deciding or not hearing.deciding.verdict:
        return _undecided(hearing, context)
    verdict = hearing.deciding.verdict
    return _decision(hearing, verdict, judged(hearing, verdict, texts, context), context, texts)


def preload() -> None:
    """Load what the engines need (the model's client takes a second), and compile markers and the live rule set.

    Then no conversation waits for either, and processes that are forked afterwards share them; no connection is left
    open for them. Where the database cannot be read, the first conversation does the rest.
    """
    for name in engines(settings.CLASSIFICATION_MODE):
        ENGINES[name].preload()
    injection.preload()
    try:
        live()
    except live.failures as error:
        log.warning("The live rule set cannot be loaded yet: %(error)s", {"error": type(error).__name__})
    disconnect()


def endpoints() -> list[Endpoint]:
    """The services outside that classify() would call now."""
    found = [ENGINES[name].endpoint() for name in engines(settings.CLASSIFICATION_MODE)]
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
        "matters": [_storable(matter) for matter in decision.matters],
        "other_engine": decision.other_engine,
        "other_label": decision.other_label,
        "review": decision.review,
        "question": decision.question,
        "latency_ms": decision.latency_ms,
        "input_tokens": decision.input_tokens,
        "output_tokens": decision.output_tokens,
        "cost": decision.cost,
        "error": decision.error,
        "fallback_reason": decision.fallback_reason,
        "trace": dict(decision.trace),
        "attempts": [asdict(attempt) for attempt in decision.attempts],
    }
    return rows.insert(Classification, verdict)[0]


def _storable(matter: Matter) -> dict[str, str]:
    """Without what no database holds (NUL, lone surrogates)."""
    return {"label": matter.label, "text": visible(matter.text, MAX_MATTER)}


def method_name(engine: str) -> str:
    """How an engine is called in the log lines that operators search; "None" when no engine decided."""
    return METHOD_NAMES.get(engine, engine or "None")


def _pseudonym(sender: str) -> str:
    """A keyed hash (SHA-256): the same for the same person, and nobody else can tell whose."""
    return salted_hmac("classification.sender", sender, algorithm="sha256").hexdigest() if sender else ""


def _decision(
    hearing: Hearing, verdict: Verdict, judgement: Judgement, context: Context, texts: Sequence[str]
) -> Decision:
    attempts = tuple(turn.attempt for turn in hearing.turns)
    deciding = hearing.deciding.attempt if hearing.deciding else attempts[0]
    other = hearing.other.attempt if hearing.other else None
    return Decision(
        label=judgement.label,
        engine=deciding.engine,
        model=verdict.model,
        ruleset=context.live.id,
        confidence=verdict.confidence,
        matters=judgement.matters,
        other_engine=other.engine if other else "",
        other_label=other.label if other else "",
        review=judgement.review,
        question=context.question,
        latency_ms=deciding.latency_ms,
        cost=cost(attempts),
        fallback_reason=hearing.missed.attempt.reason if hearing.missed else "",
        language=context.live.rules.language(texts),
        trace=_trace(hearing, verdict, judgement),
        attempts=attempts,
    )


def _trace(hearing: Hearing, verdict: Verdict, judgement: Judgement) -> dict[str, Any]:
    """What the engine that decides left behind, what the rules read where it is not they, and what was doubted."""
    trace = {**verdict.trace, **judgement.trace}
    if hearing.other and hearing.other.verdict and hearing.other.attempt.engine == "rules":
        trace["rules"] = dict(hearing.other.verdict.trace)
    return trace


def _undecided(hearing: Hearing, context: Context) -> Decision:
    attempts = tuple(turn.attempt for turn in hearing.turns)
    reasons = "; ".join(attempt.reason for attempt in attempts if attempt.code)
    log.error("CLASSIFICATION FAILED | No engine could decide | Error: %(error)s", {"error": reasons})
    return Decision(
        Label.UNDECIDED,
        question=context.question,
        cost=cost(attempts),
        fallback_reason=reasons,
        attempts=attempts,
    )
