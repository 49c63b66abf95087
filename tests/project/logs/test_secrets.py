"""No secret is in the log, not by half either."""

from base64 import b64encode

import pytest

from batches.tokens import new_token
from smsconsolidator.logs import MAX_VALUE, TextFormatter
from tests.project.logs.conftest import SECRET, Capture


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
def test_it_redacts_what_base64_hides(any_log: Capture, user: str) -> None:
    header = b64encode(f"{user}:{SECRET}".encode()).decode()
    any_log.log.warning("HTTP 401 | Error: %(error)s", {"error": f"Authorization: Basic {header}"})
    output = any_log.stream.getvalue()
    assert "[secret]" in output
    assert header[8:-8] not in output
    assert not [at for at in range(8, len(header) - 12, 4) if header[at : at + 8] in output]


def test_it_redacts_secrets_everywhere(any_log: Capture) -> None:
    try:
        raise RuntimeError(f"401 for {SECRET}")
    except RuntimeError:
        any_log.log.exception("key %(guid)s", {"guid": SECRET})
    any_log.log.warning("key %s", SECRET)
    output = any_log.stream.getvalue()
    assert output.count("[secret]") >= 3
    assert "secret-key" not in output


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /api/webhook/default/{}",
        "Bad Request: /api/webhook/clinic/{}/",
        "Not Found: /api/webhooks/default/{}",  # a slip in the address, and a token that is good
        "Not Found: //api/webhook//default//{}",
        '127.0.0.1 - "POST /api/webhook/default/{} HTTP/1.1" 200',
        "Authorization: Bearer {}",
    ],
)
@pytest.mark.parametrize("how", ["mapping", "arguments", "traceback"])
def test_it_shows_no_webhook_token(any_log: Capture, line: str, how: str) -> None:
    token = new_token()
    line = line.format(token)
    if how == "mapping":
        any_log.log.warning("%(path)s", {"path": line})
    elif how == "arguments":
        any_log.log.warning("%s: %s", "Refused", line)
    else:
        try:
            raise ValueError(line)
        except ValueError:
            any_log.log.exception("Internal Server Error: %s", line)
    output = any_log.stream.getvalue()
    assert "[secret]" in output
    assert not [start for start in range(len(token) - 12) if token[start : start + 12] in output]


@pytest.mark.parametrize("secret", ["whk_ab0123456789" + "c" * 31, "key-0123456789-of-ours"])
@pytest.mark.parametrize("how", ["error", "arguments", "traceback"])
def test_it_shows_no_half_of_a_secret_whose_digits_look_like_a_number(secret: str, how: str) -> None:
    """Numbers are masked as well; what was left of the secret would not be known for one."""
    capture = Capture(TextFormatter(mask=True, secrets=["key-0123456789-of-ours"]))
    if how == "error":
        capture.log.warning("%(error)s", {"error": f"refused: {secret}"})
    elif how == "arguments":
        capture.log.warning("refused: %s", secret)
    else:
        try:
            raise ValueError(secret)
        except ValueError:
            capture.log.exception("refused")
    output = capture.stream.getvalue()
    assert "of-ours" not in output
    assert "ccc" not in output


def test_it_shows_no_half_of_a_secret_where_a_value_is_cut(any_log: Capture) -> None:
    any_log.log.warning("%(path)s", {"path": "x" * (MAX_VALUE - 8) + SECRET + "x" * 99})
    assert SECRET[:8] not in any_log.stream.getvalue()
    assert "x" * 100 in any_log.stream.getvalue()


@pytest.mark.parametrize("guess", ["x", "pass%20word", "whk_short", "ümlaut", "a.b~c"])
def test_it_shows_nothing_that_stands_where_a_token_belongs(any_log: Capture, guess: str) -> None:
    any_log.log.warning("Not Found: %s", f"/api/webhook/default/{guess}")
    assert any_log.stream.getvalue().count("/api/webhook/default/[secret]") == 1
    assert (
        guess
        not in any_log.stream.getvalue().replace("/api/webhook/default/[secret]", "").split("Not Found")[1]
    )


@pytest.mark.parametrize(
    "line", ["GET /api/webhook/sms-received", "GET /api/webhook/sms-received/ x", "whk_Ab12xY… made"]
)
def test_it_leaves_what_is_no_token(plain: Capture, line: str) -> None:
    plain.log.info("%s", line)
    assert plain.lines[0].endswith(line)
