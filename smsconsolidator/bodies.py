"""A request's body within a time: a client that stops in the middle of one must not keep a thread of the server.

The server waits for a body without end, and nothing breaks its read off but the end of the connection. So the read is
another thread's, which can be left alone with it; and the answer ends short of its own Content-Length, for which the
server closes the connection. A complete answer beside an unfinished read would hold up the whole process.
"""

import io
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse

SECONDS = 10  # for each portion
PORTION = 16 * 1024  # bytes: 1.6 kB a second is still fast enough, and a long body has longer
LATE = f"the body did not come within {SECONDS} seconds; send it again"
ANSWER = json.dumps({"status": "error", "message": LATE}).encode()
LEAVING_SECONDS = 0.1  # for the answer to be on its way before the connection is closed

_readers = ThreadPoolExecutor(
    settings.ENV.web_threads, "body"
)  # each thread of the server waits for one at most


class Body(io.IOBase):
    """The server's stream of a body, whose `read` ends; `late` says that it did without the body."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.late = False

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or fewer where the body ends; all for None and -1. Raises TimeoutError."""
        left = sys.maxsize if size is None or size < 0 else size
        body = bytearray()
        while left:
            asked = min(left, PORTION)
            portion = self._portion(asked)
            body += portion
            left = left - asked if len(portion) == asked else 0
        return bytes(body)

    def _portion(self, size: int) -> bytes:
        if self.late:
            raise TimeoutError(LATE)
        try:
            portion: bytes = _readers.submit(self._stream.read, size).result(SECONDS)
        except TimeoutError:
            self.late = True
            raise TimeoutError(LATE) from None
        return portion


def refusal(response: HttpResponseBase, start_response: Any) -> HttpResponseBase:
    """408 in the place of what was answered without the body; it closes the connection."""
    response.close()
    late = StreamingHttpResponse(_cut_off(), status=408, content_type="application/json")
    late["Content-Length"] = str(len(ANSWER) + 1)
    start_response(f"{late.status_code} {late.reason_phrase}", list(late.items()))
    return late


def _cut_off() -> Iterator[bytes]:
    yield ANSWER
    time.sleep(LEAVING_SECONDS)
