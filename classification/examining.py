"""Whether the model could be asked: for `manage.py doctor`. Nothing is classified, and nothing is billed."""

from time import perf_counter

from django.conf import settings

from classification.engines.base import EngineError
from classification.findings import Finding, ok, problem, warning
from classification.modes import engines

SHOWN = 5  # models that are named where the one that is set does not exist


def examine_model() -> Finding:
    """Its server is reachable, takes the key and knows the model; within OPENAI_DEADLINE seconds."""
    mode = settings.CLASSIFICATION_MODE
    if "openai" not in engines(mode):
        return ok(f"not asked: CLASSIFICATION_MODE={mode}")
    if not settings.OPENAI_API_KEY:
        return warning(
            f"OPENAI_API_KEY is not set: rules decide, whatever {mode} says",
            "Set OPENAI_API_KEY, or CLASSIFICATION_MODE=rules to say that it is meant.",
        )
    start = perf_counter()
    try:
        models = _models()
    except EngineError as error:
        return _failed(error)
    took = f"{(perf_counter() - start) * 1000:.0f} ms"
    if settings.OPENAI_MODEL in models:
        return ok(f"{settings.OPENAI_MODEL} answers at {_address()} ({took})")
    there = ", ".join(sorted(models)[:SHOWN]) or "none"
    return problem(
        f"{_address()} takes the key, but has no model {settings.OPENAI_MODEL} (it has, among others: {there})",
        "Set OPENAI_MODEL to one that this account may use.",
    )


def _models() -> set[str]:
    """The names that the server lists. Raises EngineError."""
    from classification.engines.openai_call import models  # the client takes a second to import

    return models()


def _failed(error: EngineError) -> Finding:
    told = f"{_address()} cannot be asked: {error.code}: {error}"
    if error.code == "auth":
        return problem(told, "OPENAI_API_KEY is not valid there, or may not list models: make a new key.")
    if "HTTP 404" in str(error):
        return warning(
            f"{_address()} is reachable, but does not list its models: whether {settings.OPENAI_MODEL} exists cannot"
            " be told",
            "Send a text with `manage.py simulate_sms` and look at its verdict in the admin.",
        )
    return problem(told, "Look at OPENAI_BASE_URL and at this machine's way to it. Rules decide meanwhile.")


def _address() -> str:
    from classification.services import endpoints

    found = endpoints()
    return found[0].base_url if found else "the model's server"
