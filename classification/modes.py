"""Who is asked, and whose verdict decides: one function for each CLASSIFICATION_MODE."""

import logging
from collections.abc import Callable

from classification.decision import Hearing, Turn

log = logging.getLogger(__name__)

Ask = Callable[[str], Turn]


def rules(ask: Ask) -> Hearing:
    """The rules alone."""
    said = ask("rules")
    return Hearing((said,), _if_said(said))


def llm_then_rules(ask: Ask) -> Hearing:
    """The model decides, the rules where it cannot. They read every conversation: it costs them 0.1 ms."""
    model, read = ask("openai"), ask("rules")
    if model.verdict:
        return Hearing((model, read), model, other=_if_said(read))
    return Hearing((model, read), _if_said(read), missed=model)


def rules_then_llm(ask: Ask) -> Hearing:
    """The rules decide where they are sure, else the model; where that cannot, the rules' verdict stands."""
    read = ask("rules")
    if read.verdict and read.verdict.sure:
        return Hearing((read,), read)
    model = ask("openai")
    if model.verdict:
        return Hearing((read, model), model, other=_if_said(read))
    return Hearing((read, model), _if_said(read), missed=model)


def shadow(ask: Ask) -> Hearing:
    """The rules decide; the model is asked as well, to be compared, and whatever it says changes nothing."""
    read, model = ask("rules"), ask("openai")
    if read.verdict and model.verdict and read.verdict.label != model.verdict.label:
        log.info(
            "CLASSIFICATION SHADOW | Rules: %(rules)s | Model: %(model)s",
            {"rules": read.verdict.label, "model": model.verdict.label},
        )
    return Hearing((read, model), _if_said(read), other=_if_said(model))


MODES: dict[str, Callable[[Ask], Hearing]] = {
    "rules": rules,
    "llm_then_rules": llm_then_rules,
    "rules_then_llm": rules_then_llm,
    "shadow": shadow,
}


def engines(mode: str) -> tuple[str, ...]:
    """The engines that the mode may ask."""
    return ("rules",) if mode == "rules" else ("openai", "rules")


def _if_said(turn: Turn) -> Turn | None:
    return turn if turn.verdict else None
