"""A server that speaks SMS Gateway for Android's protocol on loopback: it takes each (id, device) once.

`with SmsGateServer() as server: server.script("lost", "ok")`; afterwards `server.sent` has what a phone would send,
and `server.requests` every call. The behaviours are the names in ANSWERS.
"""

import base64
import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback import LoopbackServer

USER, PASSWORD = "sms-user", "s3cret/with=signs"
DEVICE = "device-1"

# Takes the message or not, and answers or not.
ANSWERS: dict[str, tuple[bool, int | None]] = {
    "ok": (True, 202),
    "lost": (True, None),  # taken, but the connection breaks before the answer
    "failed_after": (True, 500),
    "failed_before": (False, 500),
    "busy": (False, 503),
    "too_many": (False, 429),
    "bad": (False, 400),
}


@dataclass(frozen=True)
class Call:
    """One call as it came."""

    path: str
    authorization: str
    message: dict[str, Any]


class SmsGateServer(LoopbackServer):
    """Answers with the scripted behaviours in order, then with "ok"."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.requests: list[Call] = []
        self.sent: dict[tuple[str, str], dict[str, Any]] = {}
        self.lists_devices = True
        self.breaks_off = False  # in the middle of an answer to a GET
        self._script: deque[str] = deque()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/3rdparty/v1"

    def script(self, *names: str) -> None:
        """Append behaviours for the next calls. Raises KeyError for a name that is none."""
        self._script.extend(name for name in names if ANSWERS[name])

    def knows(self, authorization: str | None) -> bool:
        return authorization == f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

    def take(self, call: Call) -> int | None:
        """Keep the call, send its message if it is new, and give the status to answer with."""
        with self._lock:
            self.requests.append(call)
            if not self.knows(call.authorization):
                return 401
            taken, status = ANSWERS[self._script.popleft() if self._script else "ok"]
            key = (call.message["id"], call.message["deviceId"])
            if taken and key in self.sent:
                return 409
            if taken:
                self.sent[key] = call.message
            return status


class Handler(BaseHTTPRequestHandler):
    server: SmsGateServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.take(Call(self.path, self.headers["Authorization"], json.loads(body)))
        if status is None:
            self.close_connection = True
            return
        # As a gateway does that is being debugged.
        refusal = {"message": f"status {status}", "got": f"Authorization: {self.headers['Authorization']}"}
        answer = refusal if status >= 400 else {"id": json.loads(body)["id"]}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """The account's devices, or 404 where `lists_devices` is off, as on a phone's own server."""
        known = self.server.lists_devices and self.path.endswith("/devices")
        status = (200 if self.server.knows(self.headers["Authorization"]) else 401) if known else 404
        content = json.dumps(
            [{"id": DEVICE, "name": "phone"}] if status == 200 else {"message": "no"}
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.close_connection = self.server.breaks_off
        self.wfile.write(content[:5] if self.server.breaks_off else content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test looks at `requests`."""
