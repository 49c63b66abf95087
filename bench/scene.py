"""A database of its own for one group of measurements, and the proof that it holds what was accepted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import database, load, processes
from bench.database import Database, Kind
from bench.traffic import Message, Post, Traffic, grouped, request

CONNECTIONS = 16
IN_A_LIST = 50  # messages


@dataclass(frozen=True)
class Plan:
    """How much is measured. Durations are in seconds."""

    kind: Kind
    web_processes: int
    web_threads: int
    rounds: int = 3
    seconds: float = 4.0
    late_batches: int = 500
    due_batches: int = 2000
    open_batches: int = 10_000
    light_seconds: float = 10.0
    tick_seconds: float = 65.0  # until the minute's schedule has run, and with it every kind of process

    def quick(self) -> "Plan":
        """A smoke run: it proves that everything works, its figures are rough."""
        return replace(
            self,
            rounds=1,
            seconds=1.0,
            late_batches=60,
            due_batches=200,
            open_batches=1000,
            light_seconds=2.0,
            tick_seconds=0.0,
        )


@dataclass
class Ledger:
    """Every message that the service accepted, to be found in the database exactly once."""

    messages: list[Message] = field(default_factory=list)

    def note(self, posts: Sequence[Post], result: load.Result) -> None:
        """Remember what was answered 200."""
        self.messages += [message for index in result.accepted for message in posts[index]]

    def problems(self, stored: Counter[str]) -> list[str]:
        """What is missing from `stored` (guid by guid), there more than once, or never accepted."""
        accepted = {message.guid for message in self.messages}
        found = [f"{guid} was accepted but is not stored" for guid in accepted - stored.keys()]
        found += [f"{guid} is stored {number} times" for guid, number in stored.items() if number > 1]
        return found + [f"{guid} is stored but was not accepted" for guid in stored.keys() - accepted]


@dataclass
class Scene:
    """A migrated database, the site around it, and the traffic that it has seen."""

    site: processes.Site
    traffic: Traffic
    ledger: Ledger = field(default_factory=Ledger)
    refused: list[str] = field(default_factory=list)
    filled_until: int = 0  # the newest message that was not posted but put there (see history.py)

    @property
    def database(self) -> Database:
        return self.site.database

    def post(
        self,
        port: int,
        posts: Sequence[Post],
        *,
        seconds: float,
        interval: float = 0.0,
        connections: int = CONNECTIONS,
    ) -> load.Result:
        """Send `posts` to the product and enter in the ledger what it accepted."""
        requests = [request(post) for post in posts]
        result = load.post(port, requests, connections=connections, seconds=seconds, interval=interval)
        self.ledger.note(posts, result)
        self.refused += [
            f"a post of {posts[index][0].guid} was answered {status}" for index, status in result.refused
        ]
        return result

    def post_all(self, port: int, messages: int, *, per_sender: int = 1) -> None:
        """Send `messages` new messages in lists of IN_A_LIST, however long it takes (at most a minute)."""
        self.post(
            port, grouped(self.traffic.take(messages, per_sender), IN_A_LIST), seconds=60, connections=4
        )

    def problems(self) -> list[str]:
        """Everything that speaks against the product's promise to store each accepted message once."""
        statement = "SELECT provider_message_id FROM batches_message WHERE id > %s"
        guids = self.database.rows(statement, [self.filled_until])
        return self.refused + self.ledger.problems(Counter(guid for (guid,) in guids))


@contextmanager
def scene(plan: Plan, directory: Path, purpose: str, window: int = 60) -> Iterator[Scene]:
    """A fresh, migrated database for the product, dropped at the end."""
    with scratch(plan, directory, purpose, window) as site:
        processes.run(site, "manage.py", "migrate", "--verbosity", "0")
        processes.run(site, "manage.py", "shell", "--command", processes.NO_CEILINGS)
        yield Scene(site, Traffic(purpose))


@contextmanager
def scratch(plan: Plan, directory: Path, purpose: str, window: int = 60) -> Iterator[processes.Site]:
    """An empty database and the site around it, dropped at the end."""
    made = database.create(plan.kind, directory, purpose)
    try:
        yield processes.Site(directory, made, plan.web_processes, plan.web_threads, window)
    finally:
        made.drop()
