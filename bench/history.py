"""What a long history costs: the same measurements, in turn, on an empty database and on one with millions of messages.

The history is the product's own: it receives, classifies and answers some conversations, and their rows are copied with
other senders, GUIDs and times, as whole sets. Every sender who is then measured has conversations in it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from bench import processes, working
from bench.figures import Figure
from bench.scene import Ledger, Plan, Scene, scene
from bench.traffic import PREFIXES, grouped

EMPTY = "empty"
SEED_SENDERS, SEED_TEXTS = 64, 4  # conversations that are copied, and the messages of each
SENDERS = 500_000  # who wrote the history; the bench's own numbers, the first of them
DAYS = 400  # that the history goes back
ROWS_AT_ONCE = 1_000_000  # messages in one transaction
WITHIN = 0.10
RECEIVING_ROUNDS = 3  # for each of the others: they are short, and differ more from one to the next
TABLES = (
    "batches_batch",
    "batches_message",
    "batches_batchevent",
    "classification_classification",
    "replies_reply",
    "replies_replyattempt",
)
# The bench's number with the index i, as traffic.number() makes it.
_INDEX = "((s.{key} + k * {stride}) % {senders})"
_SENDER = "'+63' || ({prefixes})[1 + {index} % {number}] || lpad(({index} / {number})::text, 7, '0')"


@dataclass
class Side:
    """One of the two databases, and each round's values by the name of the measurement."""

    name: str
    place: Scene
    rounds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, value: float) -> None:
        self.rounds.setdefault(name, []).append(value)

    def told(self) -> str:
        """The newest round's values: who stops a long run has those."""
        return ", ".join(
            f"{name} {values[-1]:,.1f} {MEASURES[name][0]}" for name, values in self.rounds.items()
        )


# What is measured: its unit, and whether more is better.
MEASURES = {
    "single posts accepted": ("1/s", True),
    "single post p50": ("ms", False),
    "single post p99": ("ms", False),
    "messages in lists of 50": ("1/s", True),
    "close lateness p50": ("ms", False),
    "close lateness p99": ("ms", False),
    "drain of due batches": ("batches/s", True),
}


def measure(
    plan: Plan, directory: Path, messages: int, say: Callable[[str], None]
) -> tuple[list[Figure], list[str]]:
    """The figures with `messages` stored beside those of an empty database, and what is wrong with what is stored."""
    # Six times in a run, where the usual run has it once.
    plan = replace(plan, late_batches=min(plan.late_batches, 250), due_batches=min(plan.due_batches, 1000))
    with _side(plan, directory, EMPTY) as empty, _side(plan, directory, "history") as full:
        fill(full.place, messages, say)
        _settle(empty.place)
        for what, rounds in ((_receive, RECEIVING_ROUNDS * plan.rounds), (_work, plan.rounds)):
            for number in range(rounds):
                for side in (empty, full) if number % 2 else (full, empty):
                    what(plan, side)
                    say(f"round {number + 1} of {rounds}, {side.name}: {side.told()}")
            for side in (empty, full):
                _settle(side.place)
        return _figures(empty, full), [*empty.place.problems(), *full.place.problems()]


@contextmanager
def _side(plan: Plan, directory: Path, name: str) -> Iterator[Side]:
    """A database in which some conversations have taken place."""
    own = directory / name
    own.mkdir()
    with scene(plan, own, name, working.WINDOW) as place:
        with processes.product(place.site) as web, processes.cluster(place.site):
            place.post(
                web.port,
                grouped(place.traffic.take(SEED_SENDERS * SEED_TEXTS, SEED_TEXTS), SEED_TEXTS),
                seconds=20,
            )
            working.wait_until_settled(place)
        yield Side(name, place)


def _receive(plan: Plan, side: Side) -> None:
    place = side.place
    with processes.product(place.site) as web:
        place.post(web.port, grouped(place.traffic.take(480, 3), 1), seconds=5)
        singles = place.post(
            web.port, grouped(place.traffic.take(int(3000 * plan.seconds), 3), 1), seconds=plan.seconds
        )
        lists = place.post(
            web.port, grouped(place.traffic.take(int(15_000 * plan.seconds), 3), 50), seconds=plan.seconds
        )
    side.note("single posts accepted", singles.rate)
    side.note("single post p50", singles.milliseconds(50))
    side.note("single post p99", singles.milliseconds(99))
    side.note("messages in lists of 50", lists.rate * 50)


def _work(plan: Plan, side: Side) -> None:
    p50, p99, _ = working.close_on_time(plan, side.place)
    side.note("close lateness p50", p50.product)
    side.note("close lateness p99", p99.product)
    side.note("drain of due batches", working.drain(plan, side.place).product)


def _settle(place: Scene) -> None:
    """What the posts have left is done before anything else is timed: by SQL, for it is thousands of batches."""
    with psycopg.connect(place.database.url) as connection:
        connection.execute(
            "UPDATE batches_batch SET status = 'completed', outcome = 'disabled', closed_at = closes_at,"
            " completed_at = closes_at WHERE status = 'open'"
        )
    with psycopg.connect(place.database.url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def fill(place: Scene, messages: int, say: Callable[[str], None]) -> None:
    """Copy the conversations that are there until the database holds about so many messages."""
    with psycopg.connect(place.database.url) as connection:
        [seeds, stride, replies] = connection.execute(
            "SELECT (SELECT count(*) FROM batches_message), (SELECT max(id) FROM batches_batch),"
            " (SELECT max(id) FROM replies_reply)"
        ).fetchone() or [0, 0, 0]
        copies = messages // seeds
        connection.execute(
            "SET session_replication_role = replica"
        )  # rows are copied with all that they hang on
        connection.execute("SET synchronous_commit = off")
        put_back = _without_indexes(connection)
        step = max(1, ROWS_AT_ONCE // seeds)
        for table in TABLES:
            statement = _copy(connection, table, stride, replies, copies)
            for first in range(1, copies + 1, step):
                connection.execute(statement, {"first": first, "last": min(first + step - 1, copies)})
                connection.commit()
            say(f"history: {table}")
        for definition in put_back:
            connection.execute(definition)
        _number_on(connection)
        row = connection.execute("SELECT count(*), max(id) FROM batches_message").fetchone() or (0, 0)
    place.filled_until, place.ledger = row[1], Ledger()
    _settle(place)
    say(f"history: {row[0]:,} messages")


def _number_on(connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
    """New rows get numbers behind those of the copies."""
    for table in TABLES:
        connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(
                table, sql.Identifier(table)
            )
        )


def _without_indexes(connection: "psycopg.Connection[tuple[Any, ...]]") -> list[bytes]:
    """Drop all but the primary keys; gives what puts them back. To build them afterwards is much faster."""
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
        [list(TABLES)],
    ).fetchall()
    put_back = []
    for table, name, definition in constraints:
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
        put_back.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'.encode())
    indexes = connection.execute(
        "SELECT i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
        " WHERE NOT x.indisprimary AND x.indrelid::regclass::text = ANY(%s)",
        [list(TABLES)],
    ).fetchall()
    for name, definition in indexes:
        connection.execute(f'DROP INDEX "{name}"'.encode())
        put_back.append(definition.encode())
    return put_back


def _copy(
    connection: "psycopg.Connection[tuple[Any, ...]]", table: str, stride: int, replies: int, copies: int
) -> bytes:
    """The statement that copies a table's first rows, from copy %(first)s to copy %(last)s."""
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
    ).fetchall()
    values = {
        name: _value(table, name, kind, stride, replies, copies)
        for name, kind in columns
        if name != "id" or table in ("batches_batch", "replies_reply")
    }
    names = ", ".join(f'"{name}"' for name in values)
    statement = (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values.values())} FROM {table} s,"  # noqa: S608 - fixed names
        f" generate_series(%(first)s::bigint, %(last)s::bigint) k WHERE s.id <= {_last_seed(connection, table)}"
        " ORDER BY k, s.id"
    )
    return statement.encode()


def _last_seed(connection: "psycopg.Connection[tuple[Any, ...]]", table: str) -> int:
    row = connection.execute(sql.SQL("SELECT max(id) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _value(table: str, name: str, kind: str, stride: int, replies: int, copies: int) -> str:
    key = "id" if table == "batches_batch" else "batch_id"
    if name == "id":
        return f"s.id + k * {stride if table == 'batches_batch' else replies}"
    if name == "batch_id":
        return f"s.batch_id + k * {stride}"
    if name == "reply_id":
        return f"s.reply_id + k * {replies}"
    if name in ("sender", "sender_raw", "to"):
        index = _INDEX.format(key=key, stride=stride, senders=SENDERS)
        prefixes = f"ARRAY[{', '.join(repr(prefix) for prefix in PREFIXES)}]"
        return _SENDER.format(prefixes=prefixes, index=index, number=len(PREFIXES)).replace("%", "%%")
    if table == "batches_message" and name == "provider_message_id":
        return "s.provider_message_id || '-' || k"
    if name == "idempotency_key":
        return "gen_random_uuid()"
    if kind == "timestamp with time zone":
        return f"s.{name} - make_interval(days => 1, secs => {DAYS * 86_400 / copies!r} * ({copies} - k))"
    return f's."{name}"'


def _figures(empty: Side, full: Side) -> list[Figure]:
    figures = []
    for name, (unit, more) in MEASURES.items():
        rounds = {empty.name: empty.rounds[name], full.name: full.rounds[name]}
        without, with_history = median(rounds[empty.name]), median(rounds[full.name])
        worse = 1 - with_history / without if more else with_history / without - 1
        figure = Figure(name, unit, with_history, {EMPTY: without}, rounds=rounds)
        figures.append(figure.aimed(f"within {WITHIN:.0%}", worse <= WITHIN))
    return figures


def show(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Print both sides' medians and their ratio."""
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    for heading in ("empty", "with history", "ratio", "target", "met", "rounds: empty / with history"):
        table.add_column(heading, justify="right")
    for figure in figures:
        rounds = " / ".join(
            ", ".join(f"{value:,.1f}" for value in values) for values in figure.rounds.values()
        )
        met = "[green]yes[/]" if figure.met else "[red]no[/]"
        table.add_row(
            f"{figure.name} ({figure.unit})",
            f"{figure.baselines[EMPTY]:,.1f}",
            f"{figure.product:,.1f}",
            figure.ratio(EMPTY),
            figure.target,
            met,
            rounds,
        )
    console.print(table)
