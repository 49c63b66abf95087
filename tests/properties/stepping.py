"""A process that goes from one commit to the next only when told, and can be killed at every stop.

It is a thread with a connection of its own. It stops where another process could come in between, or a kill -9 leave
something half done: before each transaction and each single write, after each commit, and inside each call to a
provider. Being killed is an exception that no handler of the project catches, and what was not committed is rolled
back, as the database does it for a process that is gone.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any, Self

from django.db import connection

PATIENCE = 60  # seconds that a step may take, before the test itself is stuck
READS = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")

_here = threading.local()


class Killed(BaseException):
    """kill -9."""


class Process:
    """`work` as a process of its own; it has begun, and waits for its first step."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name, self._work = name, work
        self.stop = "not begun"
        self.ended = self.killed = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._doomed = False
        self._orders: Queue[str] = Queue()
        self._stops: Queue[str] = Queue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._wait()

    @classmethod
    def here(cls) -> Self | None:
        """The process that this code runs in."""
        return getattr(_here, "process", None)

    # --- for whoever directs it -----------------------------------------------------------------------------
    def step(self) -> None:
        """On to the next stop. Raises what the work raised."""
        self._order("go")

    def kill(self) -> None:
        """It dies where it stands."""
        self._order("die")

    def kill_in_transaction(self) -> None:
        """It goes on, and dies when all of its next transaction is written and nothing of it committed."""
        self._doomed = True
        while not self.ended:
            self.step()

    # --- inside the process ---------------------------------------------------------------------------------
    def pause(self, stop: str) -> None:
        """A place where it can be killed or others come in between; none inside a transaction, which is whole."""
        if connection.in_atomic_block:
            return
        self._stops.put(stop)
        if self._orders.get(timeout=PATIENCE * 10) == "die":
            raise Killed

    def _run(self) -> None:
        _here.process = self
        try:
            with connection.execute_wrapper(self._statement), self._transactions():
                self.pause("begun")
                self.result = self._work()
        except Killed:
            self.killed = True
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that directs)
            self.error = error
        finally:
            connection.close()
            self.ended = True
            self._stops.put("ended")

    def _statement(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.lstrip().startswith(READS) or connection.in_atomic_block:
            return execute(sql, *arguments)
        self.pause(f"before {sql[:40]}")
        if self._doomed:
            raise Killed
        result = execute(sql, *arguments)
        self.pause(f"after {sql[:40]}")
        return result

    @contextmanager
    def _transactions(self) -> Iterator[None]:
        """Stops before each transaction and after each commit of this thread's connection."""
        own: Any = connection
        begin, commit = own.set_autocommit, own._commit

        def set_autocommit(autocommit: bool, *arguments: Any, **options: Any) -> None:
            if not autocommit:
                self.pause("before a transaction")
            begin(autocommit, *arguments, **options)

        def commit_or_die() -> None:
            if self._doomed:
                own._rollback()
                raise Killed
            commit()
            self.pause("after a commit")

        own.set_autocommit, own._commit = set_autocommit, commit_or_die
        try:
            yield
        finally:
            del own.set_autocommit, own._commit

    # --- the two sides' hand-shake --------------------------------------------------------------------------
    def _order(self, order: str) -> None:
        if not self.ended:
            self._orders.put(order)
            self._wait()

    def _wait(self) -> None:
        self.stop = self._stops.get(timeout=PATIENCE)
        if self.ended and self.error is not None:
            raise self.error
