"""A server that speaks SMSMobileAPI's protocol on loopback, keeps what it is asked and misbehaves on demand.

In a test: `with SmsMobileApiServer() as server: server.script("too_many", "ok")`; afterwards look at
`server.requests`. As a process of its own:

    python -m tests.support.smsmobileapi_server --port 8123
    POST /sendsms/   the provider's call            GET /requests     what came in, as JSON
    POST /script     ["too_many", "ok"]: the next answers, in order (afterwards the default again)
    POST /default    "server_error": the answer from now on when nothing is scripted
"""

import argparse
import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from tests.support.loopback import LoopbackServer

REQUIRED = ("apikey", "recipients", "message")


@dataclass(frozen=True)
class Request:
    """One call as it came.

    `form` holds the last value of each field, `at` is seconds since the epoch, `client` the caller's port.
    """

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    at: float
    client: int


class SmsMobileApiServer(LoopbackServer):
    """Answers with the scripted behaviours in order, then with the default one (names: ANSWERS, FAULTS)."""

    request_queue_size = 256

    def __init__(self, port: int = 0, default: str = "ok") -> None:
        super().__init__(Handler, port)
        self.requests: list[Request] = []
        self.default = default
        self.stopping = threading.Event()
        self.asked, self.release = threading.Event(), threading.Event()  # of "hold"
        self._script: deque[str] = deque()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sendsms/"

    def script(self, *names: str) -> None:
        """Append behaviours for the next calls. Raises KeyError for a name that is none."""
        if unknown := set(names) - BEHAVIOURS:
            raise KeyError(f"no such behaviour: {', '.join(sorted(unknown))}")
        self._script.extend(names)

    def note(self, request: Request) -> str:
        """Keep the request and take the name of the behaviour that answers it."""
        with self._lock:
            self.requests.append(request)
            return self._script.popleft() if self._script else self.default

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.release.set()
        super().__exit__(kind, error, tb)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait for the client's delayed acknowledgement
    server: SmsMobileApiServer

    def do_GET(self) -> None:
        if self.path == "/requests":
            self.answer(200, json.dumps([asdict(request) for request in self.server.requests]))
        else:
            self.provider(parse_qs(urlsplit(self.path).query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/script":
            self.server.script(*json.loads(body))
            self.answer(200, "{}")
        elif self.path == "/default":
            self.server.default = json.loads(body)
            self.answer(200, "{}")
        else:
            self.provider(parse_qs(body, keep_blank_values=True))

    def provider(self, fields: dict[str, list[str]]) -> None:
        form = {name: values[-1] for name, values in fields.items()}
        request = Request(
            self.command, self.path, dict(self.headers), form, time.time(), self.client_address[1]
        )
        name = self.server.note(request)
        if urlsplit(self.path).path != "/sendsms/":
            self.answer(404, "no such address")
        elif missing := [field for field in REQUIRED if not form.get(field)]:
            self.answer(200, _result(error=f"missing {', '.join(missing)}", sent="0"))
        elif name in ANSWERS:
            self.canned(name, form["apikey"])
        else:
            FAULTS[name](self)

    def canned(self, name: str, key: str = "") -> None:
        status, body = ANSWERS[name]
        self.answer(status, body.replace("$KEY", json.dumps(key)[1:-1]).replace("$ID", f"msg-{uuid4().hex}"))

    def answer(self, status: int, body: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status in (301, 303):
            self.send_header("Location", "/elsewhere/")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the requests are kept."""

    # --- faults: names in FAULTS ---------------------------------------------------------------------------
    def hold(self) -> None:
        self.server.asked.set()
        self.server.release.wait(60)
        self.canned("ok")

    def stall(self) -> None:
        self.server.stopping.wait(60)
        self.close_connection = True

    def hang_up(self) -> None:
        self.close_connection = True

    def cut_body(self) -> None:
        self._head("1000")
        self.wfile.write(b'{"result": {"error": 0, "sent"')
        self.close_connection = True

    def drip_body(self) -> None:
        self._head("10000")
        self._drip(b" " * 10_000)

    def drip_headers(self) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\nX-Endless: " + b"a" * 10_000)

    def _head(self, length: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", length)
        self.end_headers()

    def _drip(self, data: bytes) -> None:
        """One byte now and then, until the client or the server goes."""
        self.close_connection = True
        for byte in data:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stopping.wait(0.05):
                return


def _result(**values: Any) -> str:
    """The documented envelope."""
    return json.dumps({"result": {"error": 0, "sent": "1", "id": "$ID", "note": "sent by mobile"} | values})


# Status and body; $KEY is the key that was sent (in JSON), $ID a new message id.
ANSWERS: dict[str, tuple[int, str]] = {
    "ok": (200, _result()),
    "result_error": (200, _result(error=403, sent="0", note="number blocked")),
    "api_error": (200, _result(sent="api_error", note="phone offline")),
    "no_sent": (200, '{"result": {"error": 0}}'),
    "not_json": (200, "<html>It works!</html>"),
    "deep": (200, "[" * 60_000),
    "huge": (200, '{"result": {"pad": "' + "x" * 5_000_000 + '"}}'),
    "odd_text": (200, _result(error=1, sent="0", note="nul \0 and half a pair \ud83d")),
    "key_in_note": (200, _result(error=1, sent="0", note="bad key $KEY")),
    "key_as_id": (200, _result(id="$KEY")),
    "moved": (301, ""),
    "see_other": (303, ""),
    "unauthorized": (401, '{"result": {"error": "no such key"}}'),
    "key_in_error": (401, '{"result": {"error": "no such key: $KEY"}}'),
    "too_many": (429, '{"result": {"error": "slow down"}}'),
    "server_error": (500, "<h1>Internal Server Error</h1>"),
}
FAULTS: dict[str, Callable[[Handler], None]] = {
    "hold": Handler.hold,
    "slow": Handler.stall,
    "hang_up": Handler.hang_up,
    "cut_body": Handler.cut_body,
    "drip_body": Handler.drip_body,
    "drip_headers": Handler.drip_headers,
}
BEHAVIOURS = ANSWERS.keys() | FAULTS.keys()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--default", choices=sorted(BEHAVIOURS), default="ok")
    options = parser.parse_args()
    server = SmsMobileApiServer(options.port, options.default)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stopping.set()


if __name__ == "__main__":
    main()
