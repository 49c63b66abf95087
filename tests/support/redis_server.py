"""A server that speaks as much of Redis' protocol as a look at it needs, and answers as the real one seldom does."""

import socketserver
from threading import Thread
from types import TracebackType
from typing import Self

Answers = dict[str, str]  # by command: an error ("-ERR …"), or a text behind "$"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while head := self.rfile.readline():
            words = [self._word() for _ in range(int(head[1:]))]
            self.wfile.write(self._answer(words[0].decode().upper()))

    def _word(self) -> bytes:
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:length]

    def _answer(self, command: str) -> bytes:
        answer = self.server.answers.get(command, "+OK")  # type: ignore[attr-defined]
        if answer.startswith("$"):
            return f"${len(answer) - 1}\r\n{answer[1:]}\r\n".encode()
        return f"{answer}\r\n".encode()


class RedisServer(socketserver.ThreadingTCPServer):
    """In a test: `with RedisServer({"SELECT": "-ERR DB index is out of range"}) as server: … server.url`."""

    daemon_threads = True

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: Answers = {"HELLO": "%1\r\n+proto\r\n:3", "CONFIG": "%0", "PING": "+PONG"} | answers
        self.url = f"redis://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
