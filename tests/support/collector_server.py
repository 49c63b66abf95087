"""A server that takes what the service reports: Sentry's envelopes and OpenTelemetry's traces (OTLP over HTTP).

`with CollectorServer() as server:` then `server.dsn` and `server.url` are what the settings take; `server.received`
has every body as it was before compression.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.loopback import LoopbackServer

UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class CollectorServer(LoopbackServer):
    """Says yes to everything."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def dsn(self) -> str:
        return f"http://publickey@127.0.0.1:{self.server_port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The errors that Sentry was told of: an envelope is lines of JSON, header and content by turns."""
        found = []
        for one in self.received:
            lines = one.body.split(b"\n") if one.path.endswith("/envelope/") else []
            for head, content in zip(lines[1::2], lines[2::2], strict=False):
                if head and json.loads(head).get("type") == "event":
                    found.append(json.loads(content))
        return found

    @property
    def spans(self) -> list[Any]:
        """OpenTelemetry's spans (protobuf)."""
        requests = [
            ExportTraceServiceRequest.FromString(one.body)
            for one in self.received
            if one.path == "/v1/traces"
        ]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Handler(BaseHTTPRequestHandler):
    server: CollectorServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unpack = UNPACK.get(self.headers.get("Content-Encoding", ""), bytes)
        self.server.received.append(
            Received(self.path, {name.lower(): value for name, value in self.headers.items()}, unpack(body))
        )
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}" if "envelope" in self.path else b"\x0a\x00")

    def log_message(self, *_: Any) -> None:
        """Nothing: the test looks at `received`."""
