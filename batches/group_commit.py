"""Writing together what arrives together: one transaction for the requests that would wait for each other anyway.

A commit costs the same for one message as for fifty. While one thread writes, the others queue up; when it is done,
the first of them writes for all. Alone, a request writes at once: nothing waits for company.
"""

from collections import deque
from collections.abc import Callable, Sequence, Sized
from threading import Event, Lock
from typing import Generic, TypeVar

from classification.outage import is_outage

Job = TypeVar("Job", bound=Sized)
Outcome = TypeVar("Outcome")


class _Ticket(Generic[Job, Outcome]):
    """A job and the thread that waits for it; `woken` says that it is written, or that it is to lead."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.woken = Event()
        self.leads = False
        self.outcome: list[Outcome] = []
        self.error: BaseException | None = None


class GroupCommit(Generic[Job, Outcome]):
    """Runs `write` on groups of jobs, one group at a time, in the order of their arrival.

    `write` takes the jobs of a group (together at most `limit` long, unless one alone is longer) in one transaction
    and gives their outcomes in order. When a group fails, each of its jobs is written by itself, so that nobody fails
    for somebody else's; but when the database is away, all of them fail at once, with those who arrived meanwhile.
    """

    def __init__(self, write: Callable[[Sequence[Job]], Sequence[Outcome]], limit: int) -> None:
        self._write = write
        self._limit = limit
        self._mutex = Lock()
        self._busy = False
        self._waiting: deque[_Ticket[Job, Outcome]] = deque()

    def submit(self, job: Job) -> Outcome:
        """The outcome of `job`, once it is committed. Raises what `write` raises for it."""
        ticket: _Ticket[Job, Outcome] = _Ticket(job)
        with self._mutex:
            self._waiting.append(ticket)
            ticket.leads, self._busy = not self._busy, True
        if not ticket.leads:
            ticket.woken.wait()
        if ticket.leads:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.outcome[0]

    def _lead(self) -> None:
        """Write one group (ours is its first job) and let the next in line lead."""
        with self._mutex:
            group = self._take()
        try:
            self._settle(group)
        finally:  # whatever happened here, the others must not wait for ever
            self._hand_over()
            for ticket in group:
                ticket.woken.set()

    def _hand_over(self) -> None:
        with self._mutex:
            self._busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].woken.set()

    def _take(self) -> list[_Ticket[Job, Outcome]]:
        group = [self._waiting.popleft()]
        room = self._limit - len(group[0].job)
        while self._waiting and len(self._waiting[0].job) <= room:
            group.append(self._waiting.popleft())
            room -= len(group[-1].job)
        return group

    def _take_all(self) -> list[_Ticket[Job, Outcome]]:
        with self._mutex:
            waiting = list(self._waiting)
            self._waiting.clear()
        return waiting

    @staticmethod
    def _fail(tickets: Sequence[_Ticket[Job, Outcome]], error: BaseException) -> None:
        for ticket in tickets:
            ticket.error = error
            ticket.woken.set()

    def _settle(self, group: Sequence[_Ticket[Job, Outcome]]) -> None:
        try:
            outcomes = self._write([ticket.job for ticket in group])
        except BaseException as error:  # noqa: BLE001 - raised again in the thread whose job it is
            if is_outage(error):  # nobody's own: each of them would only wait as long again
                self._fail([*group, *self._take_all()], error)
                return
            if len(group) == 1:
                group[0].error = error
                return
            for ticket in group:
                self._settle([ticket])
        else:
            for ticket, outcome in zip(group, outcomes, strict=True):
                ticket.outcome = [outcome]
