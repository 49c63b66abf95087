"""What the processes of a node share, and none of it can be left locked by one that is killed.

multiprocessing's Queue, Value and Event keep semaphores in shared memory, which nobody releases when their holder
dies: an idle worker holds its queue's for as long as it waits, and killing that one worker stops all others for ever.
Such a lock has no owner that could be asked for, so a frozen queue can only be guessed at. Here the kernel keeps the
state instead: a message is sent and received whole (a socket of packets, unix(7)), a flag is an eventfd(2), and a
timer has one writer. A process that is killed at any moment takes at most the message in its hands with it; the row
that this message was about is queued again by the sweep.

Linux only, like the rest of the node's protection. A queue can be written to by several processes, as the results
are; where it has a limit, it is the writer's own.
"""

import fcntl
import os
import pickle  # nosec B403
import select
import socket
import struct
import termios
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.sharedctypes import RawValue
from typing import Any

MAX_MESSAGE = 1 << 18  # bytes; the kernel's own limit (net.core.wmem_default, about 200 kB) is lower
FULL_NAP = 0.001  # seconds between two looks at a full queue


class Queue:
    """Stands in for django_q.queues.Queue. `maxsize` messages wait at most, 0 means as many as the kernel takes."""

    def __init__(self, maxsize: int = 0) -> None:
        # Bare descriptors: they are wanted as long as the node lives, and end with it.
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._reader, self._writer = (one.detach() for one in pair)
        self._maxsize = maxsize
        self._sent: deque[int] = (
            deque()
        )  # bytes of each message that this process has sent and nobody has taken

    def put(self, message: Any) -> None:
        """Add a message, once there is room. Raises OSError (EMSGSIZE) when it is larger than the kernel takes."""
        data = pickle.dumps(message)
        while self._maxsize and self._own_waiting() >= self._maxsize:
            time.sleep(FULL_NAP)
        os.write(self._writer, data)
        self._sent.append(len(data))

    def get(self) -> Any:
        """The next message, once there is one."""
        return pickle.loads(os.read(self._reader, MAX_MESSAGE))  # noqa: S301 - from a process of this node  # nosec B301

    def empty(self) -> bool:
        """Whether no message waits."""
        return self._bytes_waiting() == 0

    def close(self) -> None:
        """Nothing to do: what was put has been sent."""

    def join_thread(self) -> None:
        """Nothing to do: there is no thread."""

    def _own_waiting(self) -> int:
        """How many of this process's messages wait: they leave in order, so what waits is the last that were sent."""
        waiting = self._bytes_waiting()
        while sum(self._sent) > waiting:
            self._sent.popleft()
        return len(self._sent)

    def _bytes_waiting(self) -> int:
        size = fcntl.ioctl(self._reader, termios.FIONREAD, bytes(4))
        return int(struct.unpack("i", size)[0])


class Flag:
    """Stands in for multiprocessing.Event; once set, it stays set."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0)

    def set(self) -> None:
        os.eventfd_write(self._fd, 1)

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, `timeout` seconds at most; says whether it is."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))


class Timer:
    """Stands in for the multiprocessing.Value that holds what is left of a task's time (seconds; 0 or less: a state).

    Only the worker writes it. What the sentinel, who made it, subtracts in each round is ignored: time passes by
    itself, and so exactly, whatever the length of a round.
    """

    def __init__(self, _typecode: str, value: float) -> None:
        self._end = RawValue("d", value)  # of time.monotonic() while a task runs
        self._maker = os.getpid()

    @property
    def value(self) -> float:
        end: float = self._end.value
        return max(0.0, end - time.monotonic()) if end > 0 else end

    @value.setter
    def value(self, left: float) -> None:
        if os.getpid() != self._maker:
            self._end.value = time.monotonic() + left if left > 0 else left

    def get_lock(self) -> AbstractContextManager[None]:
        """Nothing to hold."""
        return nullcontext()
