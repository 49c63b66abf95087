"""`python -m chaos.soak`: a steady load for long; memory, connections and the queue's tables must not grow."""

import argparse
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from statistics import mean, median

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.progress import Progress

from bench import history, load
from bench.database import Database
from bench.figures import console
from bench.processes import MEBIBYTE, ServerError
from bench.scene import Ledger
from bench.traffic import Traffic, grouped, request
from chaos import evidence, report
from chaos.clients import Told
from chaos.node import Node
from chaos.outside import Model, Provider
from chaos.scene import Scene, scene
from chaos.verdict import Check

WINDOW = 10  # seconds that a batch collects
PER_SENDER = 3  # messages, if not told otherwise
SLICE = 20  # seconds of load that are made ready at once
SAMPLE_EVERY = 5  # seconds
WARM_UP = 0.3  # of the time; caches fill and forked processes cease to share pages
COMPARED = 0.15  # of the time: so much after the warm-up is compared with as much at the end
FLAT = 0.05  # of its size a process may grow
SETTLED_WITHIN = 120  # seconds after the load, here with the product's own leases
WORKERS = 8  # 33 batches/s, each waiting 0.1 s for model and provider, keep three and a half of them waiting
CLUSTERS = (WORKERS + 4) + (2 + 4)  # workers, and sentinel, pusher, monitor and main process of each
THREADS = 2 * 8  # of the web processes
ROWS_AT_WORK = 100  # that the queue may hold more at one moment than at another
# What counts against a sender's limits stays until its minute, hour or day is over; then it must go.
LEFT_BEHIND = {"classification_usage": "until < now() - interval '5 minutes'"}
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
CONNECTIONS = """
SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Sample:
    """One look; memory in MiB, the mean of a kind's processes, `at` in seconds since the start."""

    at: float
    rss: dict[str, float]
    pss: dict[str, float]
    processes: dict[str, int]
    connections: int
    rows: dict[str, int]


@dataclass
class Soak:
    """A load of `rate` messages a second for `seconds`, and what was seen meanwhile."""

    place: Scene
    rate: float
    per_sender: int  # messages of one burst
    seconds: float
    samples: list[Sample] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    refused: list[str] = field(default_factory=list)
    late: float = 0.0  # seconds that the load took longer than it should

    def run(self, progress: Progress) -> None:
        """Load and look until the time is over."""
        task = progress.add_task("soak", total=self.seconds)
        thread = threading.Thread(target=self._load, daemon=True)
        begin = time.monotonic()
        thread.start()
        while thread.is_alive():
            at = time.monotonic() - begin
            self.samples.append(look(at, self.place.nodes[0], self.place.database))
            progress.update(task, completed=min(at, self.seconds))
            thread.join(SAMPLE_EVERY)

    def _load(self) -> None:
        traffic, begin = Traffic("soak"), time.monotonic()
        slices = max(1, round(self.seconds / SLICE))
        for _ in range(slices):
            posts = grouped(traffic.take(round(self.rate * SLICE), self.per_sender), 1)
            requests = [request(post) for post in posts]
            result = load.post(
                self.place.nodes[0].port, requests, connections=8, seconds=3 * SLICE, interval=1 / self.rate
            )
            self.ledger.note(posts, result)
            self.refused += [f"{posts[index][0].guid} was answered {code}" for index, code in result.refused]
        self.late = time.monotonic() - begin - slices * SLICE

    @property
    def reached(self) -> float:
        """Accepted messages per second."""
        return len(self.ledger.messages) / (self.seconds + max(0.0, self.late))

    @property
    def told(self) -> Told:
        """The accepted messages as the evidence wants them."""
        return Told(acknowledged={message.guid for message in self.ledger.messages})

    # --- the verdict -----------------------------------------------------------------------------------------
    def judge(self, settled: bool) -> list[Check]:
        """Every promise with what was found."""
        return [*self._work(settled), *self._memory(), *self._machinery()]

    def _work(self, settled: bool) -> Iterable[Check]:
        wanted = f"≥ {0.95 * self.rate:.0f}/s"
        yield Check("messages accepted", f"{self.reached:.1f}/s", wanted, self.reached >= 0.95 * self.rate)
        stored = evidence.guids(self.place.database)
        problems = self.refused + self.ledger.problems(stored)
        yield Check("messages refused, lost or doubled", str(len(problems)), "0", not problems, problems)
        yield Check("every batch settled afterwards", "yes" if settled else "no", "yes", settled)
        others = evidence.outcomes(self.place.database)
        replied = others.pop("replied", 0)
        yield Check("batches replied to", f"{replied:,}")
        yield Check("… with another outcome", str(others or 0), "0", not others)

    def _memory(self) -> Iterable[Check]:
        first, last = self._ends()
        for kind in sorted(set(first[0].rss) & set(last[-1].rss)):
            for name, of in (("RSS", _rss), ("PSS", _pss)):
                before, after = (
                    median(of(one, kind) for one in part if kind in one.rss) for part in (first, last)
                )
                grown = after / before - 1
                count = last[-1].processes[kind]
                found = f"{before:.1f} → {after:.1f} MiB ({grown:+.1%})"
                # PSS is told alone: a process that ends leaves its share of common pages to the others.
                kept = grown <= FLAT if name == "RSS" else None
                yield Check(
                    f"{name} of {count} × {kind}", found, f"≤ +{FLAT:.0%}" if kept is not None else "", kept
                )
        before, after = (median(_total(one) for one in part) for part in (first, last))
        found = f"{before:.0f} → {after:.0f} MiB ({after / before - 1:+.1%})"
        yield Check("PSS of all together", found, f"≤ +{FLAT:.0%}", after / before - 1 <= FLAT)

    def _machinery(self) -> Iterable[Check]:
        first, last = self._ends()
        before, after = (max(one.connections for one in part) for part in (first, last))
        most = THREADS + CLUSTERS
        yield Check("database connections", f"{before} → {after}", f"≤ {most}", after <= most)
        for table in last[-1].rows:
            was, now = (max(one.rows[table] for one in part) for part in (first, last))
            if was or now:
                kept = now <= was + ROWS_AT_WORK
                yield Check(f"rows of {table}", f"{was:,} → {now:,}", f"≤ +{ROWS_AT_WORK}", kept)

    def _ends(self) -> tuple[Sequence[Sample], Sequence[Sample]]:
        """The samples just after the warm-up, and those at the end."""
        end = self.samples[-1].at
        first = [one for one in self.samples if WARM_UP * end <= one.at < (WARM_UP + COMPARED) * end]
        return first, [one for one in self.samples if one.at >= (1 - COMPARED) * end]


def _rss(sample: Sample, kind: str) -> float:
    return sample.rss[kind]


def _pss(sample: Sample, kind: str) -> float:
    return sample.pss[kind]


def _total(sample: Sample) -> float:
    return sum(sample.pss[kind] * number for kind, number in sample.processes.items())


def look(at: float, node: Node, database: Database) -> Sample:
    """Memory of every process by kind, connections, and the rows of all tables that are not the record."""
    rss, pss = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for kind, processes in node.processes().items():
        for process in processes:
            try:
                memory = process.memory_full_info()
            except psutil.Error:  # recycled just now
                continue
            rss[kind].append(memory.rss / MEBIBYTE)
            pss[kind].append(memory.pss / MEBIBYTE)
    return Sample(
        at,
        {kind: mean(values) for kind, values in rss.items()},
        {kind: mean(values) for kind, values in pss.items()},
        {kind: len(values) for kind, values in rss.items()},
        database.rows(CONNECTIONS)[0][0],
        {name: _rows(database, name) for (name,) in database.rows(TABLES) if name not in history.TABLES},
    )


def _rows(database: Database, table: str) -> int:
    which = LEFT_BEHIND.get(table, "true")
    statement = f'SELECT COUNT(*) FROM "{table}" WHERE {which}'  # noqa: S608 - a name of the catalogue
    number: int = database.rows(statement)[0][0]
    return number


def main() -> int:
    """Run the soak; 1 when something grew, was lost or refused, 2 when the run could not take place."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends like Ctrl-C: nothing is left behind
    options = _options()
    screen = console()
    try:
        return _run(options.minutes * 60, options.rate, options.burst, screen)
    except ServerError as error:
        screen.print(f"[red]The run could not take place:[/] {error}")
        return 2


def _run(seconds: float, rate: float, burst: int, screen: Console) -> int:
    path = report.directory("soak")
    with Provider("smsmobileapi", Random(0)) as provider, Model(Random(0)) as model:
        own = {"DJANGO_SETTINGS_MODULE": "chaos.settings", "WORKERS": str(WORKERS)}
        settings = own | provider.settings() | model.settings()
        with scene(path, "postgres", nodes=1, with_redis=False, window=WINDOW, settings=settings) as place:
            soak = Soak(place, rate, burst, seconds)
            with Progress(console=screen, transient=True) as progress:
                soak.run(progress)
            settled = evidence.wait_until_settled(
                place.database, soak.told, SETTLED_WITHIN, lambda _left: None
            )
            checks = soak.judge(settled)
    report.show(
        screen,
        f"{seconds / 60:g} minutes at {rate:g} messages/s, {burst} in a burst; PostgreSQL, ORM broker, 1 node",
        checks,
    )
    content = {
        "checks": [asdict(check) for check in checks],
        "samples": [asdict(one) for one in soak.samples],
    }
    screen.print(f"Written to {report.write(path / 'result.json', content)}")
    return 1 if report.breaches(checks) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second")
    parser.add_argument("--burst", type=int, default=PER_SENDER, help="messages of one sender, in one batch")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
