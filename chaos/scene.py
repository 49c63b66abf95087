"""Servers, database and nodes of one run, started together and ended together."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import database, processes
from bench.database import Database, Kind
from chaos.clock import Clock
from chaos.node import Node, Place
from chaos.servers import PostgresServer, RedisServer


@dataclass
class Scene:
    """What runs. `postgres` and `redis` are None where the set-up has none."""

    database: Database
    nodes: list[Node]
    postgres: PostgresServer | None
    redis: RedisServer | None

    def stop(self) -> list[str]:
        """End the nodes; tells which processes had to be killed."""
        return [words for node in self.nodes for words in node.stop()]


@contextmanager
def scene(
    logs: Path, kind: Kind, *, nodes: int, with_redis: bool, window: int, settings: Mapping[str, str]
) -> Iterator[Scene]:
    """A migrated database and `nodes` nodes that are ready, with their logs in `logs`."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="smsconsolidator_chaos_")))
        postgres = None
        if kind == "postgres":
            postgres = stack.enter_context(PostgresServer(home, logs / "postgres.log"))
        redis = stack.enter_context(RedisServer(home, logs / "redis.log")) if with_redis else None
        made = _database(home, postgres)
        own = {**settings, **({"REDIS_URL": redis.url} if redis else {})}
        place = Place(logs, made, 2 if postgres else 1, 8, window, own)
        processes.run(place, "manage.py", "migrate", "--verbosity", "0")
        processes.run(place, "manage.py", "shell", "--command", processes.NO_CEILINGS)
        started = Scene(made, _nodes(place, nodes), postgres, redis)
        stack.callback(started.stop)
        _start(started.nodes)
        yield started


def _nodes(place: Place, number: int) -> list[Node]:
    """The first has the right time; a second one's clock can be stepped."""
    names = [f"node{one + 1}" for one in range(number)]
    clocks = [None, *(Clock(place.directory / f"{name}.clock") for name in names[1:])]
    return [Node(place, name, clock) for name, clock in zip(names, clocks, strict=True)]


def _database(home: Path, postgres: PostgresServer | None) -> Database:
    name = f"chaos_{int(time.time())}"
    return database.Postgres(postgres.url, name) if postgres else database.Sqlite(home, name)


def _start(nodes: list[Node]) -> None:
    for node in nodes:
        node.start()
    for node in nodes:
        node.wait_until_ready()
