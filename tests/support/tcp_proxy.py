"""A TCP proxy in front of a real server, which fails as networks and servers do."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

Address = tuple[str, int]


class TcpProxy:
    """Passes on what it gets until it is told otherwise. `target` may be changed: the next connection goes there."""

    def __init__(self, target: Address) -> None:
        self.target = target
        self._listener = self._listen(0)
        self.address: Address = self._listener.getsockname()
        self._flowing = threading.Event()
        self._unanswered = b""
        self._streams: list[socket.socket] = []
        self.resume()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self._flowing.set()

    def resume(self) -> None:
        """All is well from now on, for new connections and for those that were frozen."""
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.address[1])
        self._flowing.set()
        self._unanswered = b""
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        self._streams.clear()

    def refuse(self) -> None:
        """Nobody listens any more, and what was connected is cut."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut()

    def freeze(self) -> None:
        """Connections are taken and stay, but nothing passes in either direction."""
        self._flowing.clear()

    def leave_unanswered(self, words: bytes) -> None:
        """Whatever holds these words arrives at the server, but nothing comes back on its connection any more."""
        self._unanswered = words

    @staticmethod
    def _listen(port: int) -> socket.socket:
        return socket.create_server(("127.0.0.1", port))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.target)
        except OSError:  # nobody is there
            client.close()
            return
        self._streams += [client, server]
        muted = threading.Event()
        threading.Thread(target=self._pass_on, args=(server, client, muted, False), daemon=True).start()
        self._pass_on(client, server, muted, True)

    def _pass_on(
        self, source: socket.socket, sink: socket.socket, muted: threading.Event, is_client: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                self._flowing.wait()
                if is_client and self._unanswered and self._unanswered in chunk:
                    muted.set()
                if is_client or not muted.is_set():
                    sink.sendall(chunk)
        for stream in (source, sink):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        source.close()
