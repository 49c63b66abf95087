"""The circuit breaker in front of a service outside, shared by all workers of all machines.

Closed, every call goes out. After OPENAI_BREAKER_FAILURES failures in a row it opens: nobody waits for a service that
is ill. When the wait is over, one worker tries with the conversation that it has (half-open): an answer closes the
circuit, another failure opens it for twice as long. Whoever dies while trying loses the turn to the next one.

The state is a row, because the database is what all workers share here; every move is a conditional UPDATE by the
database's clock, so of several who try one wins. Libraries keep it elsewhere: pybreaker, purgatory and
circuit-breaker-box in memory or Redis, resilient-circuit in a PostgreSQL of its own; none in Django's database.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from classification.clock import Now
from classification.decision import CIRCUIT_OPEN
from classification.engines.base import Endpoint, EngineError
from classification.models import Circuit, CircuitState

log = logging.getLogger(__name__)

# What tells that the service is ill. Any other error is an answer: odd, but to one text alone.
ILL = {"timeout", "connection", "server_error", "rate_limit", "auth"}
# Seconds. The longest wait; also that after a wrong key, which does not heal by itself.
LONGEST_WAIT = 600.0
# Seconds for which a process believes what it has read.
BELIEVED = 1.0
# Seconds beyond the call's own deadline after which whoever tries counts as dead.
GRACE = 5.0

CLOSED: dict[str, Any] = {
    "state": CircuitState.CLOSED,
    "failures": 0,
    "opened_at": None,
    "wait": 0,
    "next_try_at": None,
    "probe": None,
}


@contextmanager
def guarded(endpoint: Endpoint | None) -> Iterator[None]:
    """Run the block, which calls the service, if its circuit lets it through, and remember how the call ended.

    Raises EngineError with the code circuit_open when it does not. None means that nothing outside is called.
    """
    if endpoint is None or not in_use():
        yield
        return
    call = _admit(endpoint)
    try:
        yield
    except EngineError as error:
        call.ended(error)
        raise
    call.ended()


def in_use() -> bool:
    """Whether failures open a circuit: with OPENAI_BREAKER_FAILURES=0 every call goes out, whatever a row says."""
    return bool(settings.OPENAI_BREAKER_FAILURES)


def state_of(endpoint: Endpoint) -> dict[str, Any]:
    """The circuit for machines: its state and, unless it is closed, the last error and the next try (UTC)."""
    open_now = _rows(endpoint).exclude(state=CircuitState.CLOSED) if in_use() else Circuit.objects.none()
    row = open_now.values("state", "last_error", "next_try_at").first()
    return dict(row) if row else {"state": CircuitState.CLOSED.value}


def close(circuits: QuerySet[Circuit], actor: str) -> int:
    """An operator has the service tried again at once; gives how many circuits that closed."""
    closed = 0
    for circuit in circuits.exclude(state=CircuitState.CLOSED):
        if Circuit.objects.filter(pk=circuit.pk).exclude(state=CircuitState.CLOSED).update(**CLOSED):
            closed += 1
            _log_closed(circuit.engine, actor)
    forget()
    return closed


def forget() -> None:
    """Read all circuits anew."""
    _read.clear()


@dataclass(frozen=True)
class _Seen:
    """A circuit as this process has read it. `due`: its wait is over, or whoever tries is dead."""

    state: str = CircuitState.CLOSED
    failures: int = 0
    wait: float = 0
    last_error: str = ""
    due: bool = False


_read: dict[Endpoint, tuple[float, _Seen]] = {}


def _look(endpoint: Endpoint) -> _Seen:
    """The circuit, at most BELIEVED old: one query a second for a busy worker."""
    read_at, seen = _read.get(endpoint, (0.0, None))
    if seen is None or monotonic() - read_at >= BELIEVED:
        due = ExpressionWrapper(Q(next_try_at__lte=Now()), output_field=BooleanField())
        row = (
            _rows(endpoint).annotate(due=due).values("state", "failures", "wait", "last_error", "due").first()
        )
        seen = _Seen(**row) if row else _Seen()
        _read[endpoint] = (monotonic(), seen)
    return seen


def _rows(endpoint: Endpoint, **condition: Any) -> QuerySet[Circuit]:
    return Circuit.objects.filter(**asdict(endpoint), **condition)


def _admit(endpoint: Endpoint) -> "_Call":
    seen, probe, ours = _Seen(), uuid4(), False
    with _no_obstacle():
        seen = _look(endpoint)
        ours = seen.due and _take_turn(endpoint, probe)
    if seen.state == CircuitState.CLOSED:
        return _Call(endpoint)
    if ours:
        return _Call(endpoint, probe, seen.wait)
    raise EngineError(CIRCUIT_OPEN, f"not asked, after {seen.last_error}", model=endpoint.model)


def _take_turn(endpoint: Endpoint, probe: UUID) -> bool:
    """Become the one who tries, for as long as a call may take."""
    lease = timedelta(seconds=settings.OPENAI_DEADLINE + GRACE)
    _read.pop(endpoint, None)
    over = _rows(endpoint, state__in=[CircuitState.OPEN, CircuitState.HALF_OPEN], next_try_at__lte=Now())
    return over.update(state=CircuitState.HALF_OPEN, probe=probe, next_try_at=Now() + lease) == 1


@dataclass(frozen=True)
class _Call:
    """A call that was let through. `probe` names the one that decides about an open circuit, after `wait` seconds."""

    endpoint: Endpoint
    probe: UUID | None = None
    wait: float = 0

    def ended(self, error: EngineError | None = None) -> None:
        with _no_obstacle():
            if error and error.code in ILL:
                self._failed(error)
            else:
                self._answered()

    def _answered(self) -> None:
        if self.probe:
            if self._turn().update(**CLOSED):
                _log_closed(self.endpoint.engine, "an answer")
        elif _look(self.endpoint).failures:
            _rows(self.endpoint, state=CircuitState.CLOSED).update(failures=0)
        else:
            return
        _read.pop(self.endpoint, None)

    def _failed(self, error: EngineError) -> None:
        _read.pop(self.endpoint, None)
        wait = _wait(error, self.wait)
        opened = self._reopen(error, wait) if self.probe else self._count(error, wait)
        if opened:
            log.warning(
                "MODEL CIRCUIT OPEN | Engine: %(engine)s | Reason: %(code)s | Next try: in %(wait).0f s",
                {"engine": self.endpoint.engine, "code": error.code, "wait": wait},
            )

    def _count(self, error: EngineError, wait: float) -> bool:
        """One failure more; True when it was the one that opened the circuit."""
        Circuit.objects.get_or_create(**asdict(self.endpoint))
        closed = _rows(self.endpoint, state=CircuitState.CLOSED)
        closed.update(failures=F("failures") + 1, last_error=error.code, failed_at=Now())
        enough = 1 if error.code == "auth" or error.retry_after else settings.OPENAI_BREAKER_FAILURES
        return closed.filter(failures__gte=enough).update(opened_at=Now(), **_opened(wait)) == 1

    def _reopen(self, error: EngineError, wait: float) -> bool:
        """Back to open; False when another one has taken our turn, and decides."""
        told = {"failures": F("failures") + 1, "last_error": error.code, "failed_at": Now()}
        return self._turn().update(**told, **_opened(wait)) == 1

    def _turn(self) -> QuerySet[Circuit]:
        return _rows(self.endpoint, state=CircuitState.HALF_OPEN, probe=self.probe)


def _opened(wait: float) -> dict[str, Any]:
    next_try = Now() + timedelta(seconds=wait)
    return {"state": CircuitState.OPEN, "wait": wait, "next_try_at": next_try, "probe": None}


def _wait(error: EngineError, last: float) -> float:
    """Seconds until the next try: what the service asks for, else twice the last wait."""
    if error.retry_after:
        return min(max(error.retry_after, 1.0), LONGEST_WAIT)
    if error.code == "auth":
        return LONGEST_WAIT
    return min(2 * last or settings.OPENAI_BREAKER_SECONDS, LONGEST_WAIT)


@contextmanager
def _no_obstacle() -> Iterator[None]:
    """The breaker spares calls, no more: where its row cannot be used, the call is made and its verdict counts."""
    try:
        yield
    except Error as error:
        log.warning(
            "The model's circuit cannot be read or written: %(error)s", {"error": type(error).__name__}
        )


def _log_closed(engine: str, by: str) -> None:
    log.info("MODEL CIRCUIT CLOSED | Engine: %(engine)s | By: %(by)s", {"engine": engine, "by": by})
