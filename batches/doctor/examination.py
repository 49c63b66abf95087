"""All looks in order. None raises, and each ends: the database's by its own time-outs, the others by a deadline."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import connection

from batches import deadline
from batches.doctor import database, machine, operation, outside
from batches.pending import pending_migrations
from classification.deadline import call_with_deadline
from classification.findings import Finding, State, problem
from classification.outage import disconnect, is_outage

log = logging.getLogger(__name__)

DATABASE_SECONDS = 5.0  # for each look into the database
SECONDS = 40.0  # for any other: a model may take OPENAI_DEADLINE (30 at most)

T = TypeVar("T")
Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Line:
    """One finding and what it is about."""

    about: str
    state: State
    told: str
    mend: str


def examine(public_url: str = "", pre_flight: bool = False) -> Iterator[Line]:
    """Every line, as soon as it is known.

    `public_url` is where the webhook is reached from outside (empty: not looked at); `pre_flight` leaves out what only
    holds while the service runs.
    """
    deadline.start()
    for about, look in _of_the_machine():
        yield from _lines(about, _bounded(look))
    accounts = outside.own_account()
    try:
        for about, look in _of_the_server():
            yield from _lines(about, _looked(look))
        if not _asked(pending_migrations):  # else tables are missing, and every further line would say so
            for about, look in _of_the_rows(pre_flight):
                yield from _lines(about, _looked(look))
            accounts = _asked(outside.accounts)
    except _Away as away:
        yield from _lines("database", [away.finding])
    for about, look in _outside(public_url, accounts):
        yield from _lines(about, _bounded(look))


def _of_the_machine() -> Iterator[tuple[str, Look]]:
    yield "settings", machine.settings_and_secrets
    yield "secrets", machine.secrets
    yield "disk", machine.disk
    yield "spool", machine.spool_file
    yield "backup", machine.nightly_copies


def _of_the_server() -> Iterator[tuple[str, Look]]:
    yield "database", database.server
    yield "database", database.connections_needed
    yield "clocks", database.clocks
    yield "migrations", database.migrations


def _of_the_rows(pre_flight: bool) -> Iterator[tuple[str, Look]]:
    yield "queue", operation.queue
    yield "schedule", operation.schedule
    if not pre_flight:
        yield "schedule", operation.turns
        yield "sweep", operation.sweep
        yield "batches", operation.batches
    yield "report", operation.report_mails
    yield "replies", operation.switches_thrown
    yield "ceilings", operation.ceilings_in_money
    yield "model", operation.breaker
    yield "model", operation.price


def _outside(public_url: str, accounts: list[outside.Named]) -> Iterator[tuple[str, Look]]:
    for name, account in accounts:
        yield f"provider {name}".strip(), partial(outside.provider, account)
    yield "model", outside.model
    yield "report", outside.mail_server
    if public_url:
        yield "webhook", partial(outside.webhook, public_url)


def _lines(about: str, findings: Iterable[Finding]) -> Iterator[Line]:
    for finding in findings:
        yield Line(about, finding.state, finding.told, finding.mend)


def _bounded(look: Look) -> list[Finding]:
    """What it finds within SECONDS."""
    try:
        return call_with_deadline(SECONDS, lambda: list(look()))
    except TimeoutError:
        return [problem(f"no result within {SECONDS:g} s", "See what holds it up, and look again.")]
    except Exception as error:  # noqa: BLE001 - one look's fault must not cost the others
        return [_broken(error)]


class _Away(Exception):
    """There is no use in asking the database anything more."""

    def __init__(self, said: str) -> None:
        told = f"{connection.vendor} cannot be used: {said}. What it holds was not looked at"
        self.finding = problem(told, f"Look at {_named()}, then look again.")


def _named() -> str:
    """What the settings say of the way to the database."""
    if settings.ENV.database_pooler_url.get_secret_value():
        return "DATABASE_POOLER_URL, at the pooler (it has users and passwords of its own) and at the server behind it"
    return "DATABASE_URL and at the server"


def _asked(look: Callable[[], Iterable[T]]) -> list[T]:
    """What the database tells, in this thread, whose connection knows time-outs of its own. Raises _Away."""
    try:
        with deadline.within(DATABASE_SECONDS):
            return list(look())
    except Exception as error:
        if is_outage(error):
            disconnect()
            raise _Away(str(error).strip().partition("\n")[0]) from None
        raise


def _looked(look: Look) -> list[Finding]:
    """The same for findings: whatever else goes wrong is one. Raises _Away."""
    try:
        return _asked(look)
    except _Away:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return [_broken(error)]


def _broken(error: Exception) -> Finding:
    log.error("The look broke off", exc_info=error)
    return problem(f"the look broke off with {type(error).__name__}", "The log says where: please report it.")
