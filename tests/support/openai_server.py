"""A server that speaks OpenAI's protocols (chat completions, responses, decisions), with the failures of the real one.

It listens on 127.0.0.1 and answers each call in the protocol of its path. A client that is told to use it as a proxy
may believe that it speaks to api.openai.com.

In a test: `with OpenAIServer() as server: server.next(http_error(429), answer("agree"))`.
As a process: `python -m tests.support.openai_server --port 9001 --label agree --script 429,timeout,disagree`;
`GET /requests` then tells what arrived.
"""

import argparse
import json
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.support.openai_protocols import WRITERS, Request, Said, document


@dataclass(frozen=True)
class Response:
    """What the server does: waits `delay` seconds, then sends the body, or hangs up when `status` is 0.

    With `drip`, one more byte follows every so many seconds, in the head or in the body, and there is no end to it.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    content_type: str = "application/json"
    drip: float = 0
    drip_in_head: bool = False


Script = Callable[[Request], Response]


def completion(
    content: str | None = None, *, refusal: str | None = None, finish_reason: str = "stop", delay: float = 0
) -> Script:
    """The model says this, in the protocol of the request; `finish_reason` in the words of chat completions."""
    said = Said(content, refusal, finish_reason)

    def respond(request: Request) -> Response:
        body = json.dumps(document(said, request)).encode()
        return Response(body, headers={"x-request-id": "req-1"}, delay=delay)

    return respond


def answer(*labels: str, about: str = "", delay: float = 0) -> Script:
    """A well-formed answer after `delay` seconds: one matter for each label, all about the same words."""
    matters = [{"label": label, "about": about} for label in labels]
    return completion(json.dumps({"matters": matters}), delay=delay)


def http_error(
    status: int,
    message: str = "Scripted failure",
    retry_after: str = "",
    *,
    code: str | None = None,
    param: str | None = None,
) -> Script:
    """An error as OpenAI words it; `retry_after` is in seconds or a date."""
    document = {"error": {"message": message, "type": "scripted", "param": param, "code": code}}
    headers = {"x-request-id": "req-1"} | ({"retry-after": retry_after} if retry_after else {})
    return lambda _: Response(json.dumps(document).encode(), status, headers)


def raw(body: str, content_type: str = "application/json") -> Script:
    """Any body at all, with status 200."""
    return lambda _: Response(body.encode(), content_type=content_type)


def model_list(*names: str) -> Script:
    """The models that the account may use."""
    return raw(json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]}))


def hang_up() -> Script:
    """The connection is closed without an answer."""
    return lambda _: Response(status=0)


def dripping(every: float = 0.05, *, in_head: bool = False) -> Script:
    """A byte now and then, always sooner than a read times out, and never an answer."""
    return lambda _: Response(drip=every, drip_in_head=in_head)


def flood() -> Script:
    """An answer of two megabytes."""
    return raw(" " * 2 * 1024 * 1024 + "{}")


def truncated() -> Script:
    """The model ran out of tokens."""
    return completion('{"matters": [{"lab', finish_reason="length")


def refused() -> Script:
    """The model would rather not."""
    return completion(refusal="I cannot help with that.")


NAMED: dict[str, Script] = {
    "401": http_error(401, "Incorrect API key provided."),
    "key_in_error": lambda request: http_error(401, f"Bad key: {request.headers['authorization']}")(request),
    "429": http_error(429, "Rate limit reached.", retry_after="30"),
    "500": http_error(500, "The server had an error."),
    "timeout": answer("agree", delay=60),
    "truncated": truncated(),
    "refused": refused(),
    "garbage": completion("I think they agree!"),
    "hang_up": hang_up(),
    "drip": dripping(),
}


class OpenAIServer:
    """Answers with the scripted responses, one a call, and after them with the default. Port 0 picks a free one."""

    def __init__(self, default: Script | None = None, port: int = 0) -> None:
        self.default = default or answer("agree")
        self.requests: list[Request] = []
        # What GET /v1/models is answered with.
        self.models: Script = model_list("gpt-5.6-luna")
        self.stopping = Event()
        self._scripted: deque[Script] = deque()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL takes."""
        return f"{self.proxy}/v1"

    @property
    def proxy(self) -> str:
        """What HTTP_PROXY takes."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def next(self, *scripts: Script) -> None:
        """The responses to the next calls, in order."""
        self._scripted.extend(scripts)

    def respond(self, request: Request) -> Response:
        """Record the call and choose what happens to it."""
        self.requests.append(request)
        script = self._scripted.popleft() if self._scripted else self.default
        return script(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("BoundHandler", (Handler,), {"openai": self})


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between calls as OpenAI's is."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    openai: OpenAIServer

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # the client had read enough
            super().handle()

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the caller was killed while it was writing
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = urlsplit(self.path).path  # a proxy is sent the whole address
        request = Request(path, headers, json.loads(body), self.client_address)
        known = path in WRITERS
        self.send(self.openai.respond(request) if known else http_error(404, f"Unknown {path}")(request))

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/v1/models":
            self.send(self.openai.models(Request(self.path, dict(self.headers), {}, self.client_address)))
        else:
            self.send(Response(json.dumps([asdict(request) for request in self.openai.requests]).encode()))

    def send(self, response: Response) -> None:
        if response.delay and self.openai.stopping.wait(response.delay):
            response = Response(status=0)
        if not response.status:
            self.close_connection = True
            return
        try:
            self._drip(response) if response.drip else self._write(response)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client's time-out was shorter than our delay

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", response.content_type)
        self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def _drip(self, response: Response) -> None:
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        self.wfile.write(head + (b"x-slow: " if response.drip_in_head else b"content-length: 999999\r\n\r\n"))
        while not self.openai.stopping.wait(response.drip):
            self.wfile.write(b"x" if response.drip_in_head else b" ")

    def log_message(self, format: str, *args: Any) -> None:
        """The recorded requests say more."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--label", default="agree", help="the answer when the script is over")
    parser.add_argument("--script", default="", help=f"answers or {', '.join(NAMED)}; with commas")
    options = parser.parse_args(arguments)
    with OpenAIServer(answer(options.label), options.port) as server:
        server.next(*(NAMED.get(name) or answer(name) for name in options.script.split(",") if name))
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        Event().wait()


if __name__ == "__main__":
    main()
