"""A gateway that posts anything: straight into the WSGI application, as the web server calls it."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import transaction

from smsconsolidator.handler import Handler

application = Handler()
URL = "/api/webhook/sms-received"
JSON = "application/json"

# Everything that was posted: by test, and by the answer's status.
posted: Counter[str] = Counter()
answered: Counter[int] = Counter()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def deliver(
    body: bytes,
    headers: dict[str, str] | None = None,
    *,
    content_type: str | None = JSON,
    length: str | None = "",
    method: str = "POST",
    path: str = URL,
    query: str = "",
) -> Answer:
    """One request. `length` is the Content-Length: empty for the true one, None for none at all (chunked)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = length or str(len(body))
    for name, value in (headers or {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return _checked(_call(environ))


def _call(environ: dict[str, Any]) -> Answer:
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(
        status: str, headers: list[tuple[str, str]], _error: Any = None, /
    ) -> Callable[[bytes], object]:
        begun.append((status, headers))
        return lambda _data: None

    response = application(environ, start)
    try:
        body = b"".join(response)
    finally:
        response.close()
    status, headers = begun[0]
    return Answer(int(status.split()[0]), dict(headers), body)


def _checked(answer: Answer) -> Answer:
    """What is true of every answer: no fault of ours, no traceback, JSON, and a reason where it is a refusal."""
    answered[answer.status] += 1
    assert answer.status < 500, answer
    assert b"Traceback" not in answer.body
    assert b'File "' not in answer.body
    assert answer.headers["Content-Type"] == JSON, answer
    document = answer.document
    if answer.status >= 400:
        assert document.get("detail") or (document["status"] == "error" and document["errors"]), document
        for error in document.get("errors", []):
            assert isinstance(error["field"], str)
            assert error["reason"]
    return answer


class example:
    """One example: counted, and nothing of it stays in the database."""

    def __init__(self, name: str) -> None:
        self.name, self.atomic = name, transaction.atomic()

    def __enter__(self) -> None:
        posted[self.name] += 1
        self.atomic.__enter__()

    def __exit__(self, *error: Any) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(*error)
