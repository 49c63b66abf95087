"""The engine through the real `openai` package against a real server, in each of the three protocols."""

import socket
import threading
from typing import Any

import pytest

from classification.engines.base import Context, EngineError
from classification.engines.openai_engine import OpenAIEngine
from classification.engines.rules.packs import shipped
from classification.labels import Label
from tests.classification.conftest import KEY
from tests.support.openai_server import (
    OpenAIServer,
    Script,
    answer,
    completion,
    dripping,
    flood,
    hang_up,
    http_error,
    raw,
    refused,
)
from tests.support.rulesets import unpublished

pytestmark = pytest.mark.usefixtures("kind")

CONTEXT = Context(unpublished(shipped()))


def _fail(*texts: str) -> EngineError:
    with pytest.raises(EngineError) as caught:
        OpenAIEngine().classify(texts or ("Yes",), CONTEXT)
    return caught.value


# --- what it answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["agree", "disagree", "neutral"])
def test_it_gives_the_models_label(server: OpenAIServer, label: str) -> None:
    server.next(answer(label))
    assert OpenAIEngine().classify(["Yes"], CONTEXT).label == label


def test_it_tells_model_tokens_request_and_a_confidence_that_is_one(server: OpenAIServer, kind: str) -> None:
    verdict = OpenAIEngine().classify(["Yes"], CONTEXT)
    assert (verdict.model, verdict.trace) == ("test-model-2026-01-01", {"request_id": "req-1"})
    assert (verdict.input_tokens, verdict.output_tokens) == (210, 12)
    assert verdict.confidence == (0.97 if kind == "decisions" else None)
    assert verdict.sure


def test_it_opens_one_connection_for_many_calls(server: OpenAIServer) -> None:
    for _ in range(3):
        OpenAIEngine().classify(["Yes"], CONTEXT)
    assert len({request.client for request in server.requests}) == 1


def test_it_follows_changed_settings(server: OpenAIServer, settings: Any) -> None:
    OpenAIEngine().classify(["Yes"], CONTEXT)
    settings.OPENAI_API_KEY = "sk-another"
    OpenAIEngine().classify(["Yes"], CONTEXT)
    assert server.requests[1].headers["authorization"] == "Bearer sk-another"


# --- what goes wrong --------------------------------------------------------------------------------------


def test_it_needs_a_key(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    assert (_fail().code, server.requests) == ("no_key", [])


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (http_error(401), "auth"),
        (http_error(403), "auth"),
        (http_error(400), "bad_request"),
        (http_error(404), "bad_request"),
        (http_error(422), "bad_request"),
        (http_error(429), "rate_limit"),
        (http_error(429, retry_after="60"), "rate_limit"),
        (http_error(500), "server_error"),
        (http_error(503), "server_error"),
        (hang_up(), "connection"),
        (refused(), "refused"),
        (completion(finish_reason="content_filter"), "refused"),
        (completion("I think they agree!"), "invalid_answer"),
        (answer("undecided"), "invalid_answer"),
        (answer("AGREE"), "invalid_answer"),
        (completion('{"label": "agree"}'), "invalid_answer"),
        (completion('{"matters": [{"label": "agree", "about": ""}], "and": 1}'), "invalid_answer"),
        (completion('["agree"]'), "invalid_answer"),
        (completion(""), "invalid_answer"),
        (completion(None), "invalid_answer"),
        (raw("<html>Sign in to the Wi-Fi</html>", "text/html"), "invalid_answer"),
        (raw("{broken"), "invalid_answer"),
        (raw("{}"), "invalid_answer"),
        (raw("[]"), "invalid_answer"),
        (raw("null"), "invalid_answer"),
        (raw('{"choices": [], "output": [], "answers": []}'), "invalid_answer"),
        (raw('{"choices": null, "output": null, "answers": null}'), "invalid_answer"),
        (raw('{"choices": [null], "output": [null], "answers": [null]}'), "invalid_answer"),
        (raw('{"choices": [{}], "output": [{}], "answers": [{}]}'), "invalid_answer"),
        (raw('{"choices": [{"message": null}], "output": [{"type": "message"}]}'), "invalid_answer"),
    ],
)
def test_it_names_what_went_wrong(server: OpenAIServer, script: Script, code: str) -> None:
    server.next(script, script)
    error = _fail()
    assert (error.code, error.model) == (code, "test-model")


def test_it_names_a_time_out(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_TIMEOUT, settings.OPENAI_DEADLINE = 1, 20
    server.default = answer("agree", delay=60)
    assert (_fail().code, len(server.requests)) == ("timeout", 2)


@pytest.mark.parametrize("script", [dripping(), dripping(in_head=True), answer("agree", delay=60)])
def test_it_ends_at_the_deadline_whatever_the_server_does(
    server: OpenAIServer, settings: Any, script: Script
) -> None:
    settings.OPENAI_DEADLINE = 2  # long enough to connect also on a busy machine
    server.default = script
    assert (_fail().code, len(server.requests)) == ("timeout", 1)


@pytest.mark.parametrize("script", [dripping(0.02), answer("agree", delay=60)])
def test_nothing_goes_on_behind_a_call_that_was_given_up(
    server: OpenAIServer, settings: Any, script: Script
) -> None:
    """Neither a body that never ends, nor a second try that nobody waits for."""
    settings.OPENAI_DEADLINE = settings.OPENAI_TIMEOUT = 2
    server.next(script)
    before = set(threading.enumerate())
    _fail()
    for thread in set(threading.enumerate()) - before:
        if thread.name == "call-with-deadline":
            thread.join(10)
            assert not thread.is_alive()
    assert len(server.requests) == 1


def test_it_begins_no_second_try_for_which_there_is_no_time(server: OpenAIServer, settings: Any) -> None:
    settings.OPENAI_DEADLINE = 1.9
    server.next(http_error(500))
    assert (_fail().code, len(server.requests)) == ("server_error", 1)


def test_it_reads_no_more_than_an_answer_can_have(server: OpenAIServer) -> None:
    server.next(flood())
    assert (_fail().code, len(server.requests)) == ("invalid_answer", 1)


def test_it_names_a_server_that_is_not_there(server: OpenAIServer, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    error = _fail()
    assert (error.code, str(error)) == ("connection", "No connection: Connection refused.")


def test_it_tries_once_more_after_a_passing_failure(server: OpenAIServer) -> None:
    server.next(http_error(500), answer("disagree"))
    assert OpenAIEngine().classify(["No"], CONTEXT).label == Label.DISAGREE


def test_it_waits_a_moment_when_the_server_asks_for_it(server: OpenAIServer) -> None:
    server.next(http_error(429, retry_after="0.1"), answer("agree"))
    assert OpenAIEngine().classify(["Yes"], CONTEXT).label == Label.AGREE


@pytest.mark.parametrize("wait", ["60", "14.5", "1e400", "Wed, 21 Oct 2037 07:28:00 GMT"])
def test_it_does_not_wait_longer_than_there_is_time(server: OpenAIServer, wait: str) -> None:
    server.next(http_error(429, retry_after=wait))
    error = _fail()
    assert (error.code, len(server.requests)) == ("rate_limit", 1)
    assert error.retry_after is not None
    assert error.retry_after > 14


@pytest.mark.parametrize("wait", ["nan", "soon", "-5", "0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_it_tries_once_more_where_no_wait_can_be_understood(server: OpenAIServer, wait: str) -> None:
    server.next(*[http_error(429, retry_after=wait)] * 2)
    error = _fail()
    assert (error.code, error.retry_after, len(server.requests)) == ("rate_limit", None, 2)


@pytest.mark.parametrize("status", [400, 401])
def test_it_does_not_repeat_what_cannot_succeed(server: OpenAIServer, status: int) -> None:
    server.next(http_error(status))
    _fail()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script", [refused(), answer("undecided"), completion("I think they agree!"), completion(None)]
)
def test_it_keeps_the_tokens_of_a_useless_answer(server: OpenAIServer, script: Script) -> None:
    server.next(script)
    error = _fail()
    assert (error.input_tokens, error.output_tokens) == (210, 12)


@pytest.mark.parametrize(
    "script",
    [
        http_error(401, f"Incorrect API key provided: {KEY}"),
        http_error(400, "x" * 280 + KEY),
        completion(refusal=f"Your key is {KEY}"),
    ],
)
def test_it_never_repeats_the_key(server: OpenAIServer, script: Script) -> None:
    server.next(script)
    error = _fail()
    assert "0123456789" not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            http_error(400, "Not here", code="unsupported_value", param="temperature"),
            "HTTP 400 scripted unsupported_value, parameter temperature (request req-1)",
        ),
        (
            http_error(400, param="messages[1].content"),
            "HTTP 400 scripted, parameter messages[1].content (request req-1)",
        ),
        (http_error(400, code="0917 123 4567", param="Magkita tayo"), "HTTP 400 scripted (request req-1)"),
        (http_error(400, code=KEY, param=KEY), "HTTP 400 scripted (request req-1)"),
        (http_error(400, code="x" * 100), "HTTP 400 scripted (request req-1)"),
    ],
)
def test_it_tells_an_error_in_our_own_words(server: OpenAIServer, script: Script, message: str) -> None:
    server.next(script)
    assert str(_fail()) == message
