"""How many machines: what each set of web processes and of workers does, how many connections it holds, what it costs.

A worker mostly waits, so workers are measured with a model that takes its time, on one node and on two; rates of more
of them hold for any machine that is not busy. The cost, in CPU time, is what says when a machine is busy.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from bench import processes, working
from bench.scene import Plan, Scene, scene
from bench.traffic import grouped
from tests.support.openai_server import OpenAIServer, answer

MODEL_SECONDS = 1.0  # that the model takes for each conversation
NODES = ((1, 4), (1, 8), (1, 16), (2, 8), (1, 32), (2, 16))  # nodes, and the workers of each
TURNS = 12  # conversations for each worker
WEB = ((1, 4), (1, 8), (2, 8), (3, 8), (4, 8))  # processes, and the threads of each
SWEEPER, BESIDE_WORKERS = 5, 3  # connections, see docs/scaling.md
MIDDLE = (0.1, 0.9)  # of the conversations: the first wait for the node's start, the last leave workers idle
# What both tables tell of each set; CPU times are of one post or conversation.
SHARED = ("connections", "formula", "CPU ms", "PostgreSQL's ms")
OURS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Row:
    """One set of processes. `rule` is what docs/scaling.md reckons with; CPU times are in milliseconds."""

    what: str
    rate: float
    rule: float | None
    connections: int
    connections_rule: int
    cpu_own: float
    cpu_postgres: float
    lists: float | None = None


def measure(
    plan: Plan, directory: Path, say: Callable[[str], None]
) -> tuple[list[Row], list[Row], list[str]]:
    """The rows for web processes and those for workers, and what is wrong with what was stored."""
    problems: list[str] = []
    web, workers = [], []
    for count, threads in WEB:
        say(f"{count} web processes with {threads} threads")
        with scene(replace(plan, web_processes=count, web_threads=threads), directory, "web") as place:
            web.append(_web(plan, place, count, threads))
            problems += place.problems()
    for nodes, each in NODES:
        say(f"{nodes} nodes with {each} workers")
        with scene(plan, directory, "workers", working.WINDOW) as place:
            workers.append(_workers(place, nodes, each))
            problems += place.problems()
    return web, workers, problems


def _web(plan: Plan, place: Scene, count: int, threads: int) -> Row:
    """Single posts, then lists, as in bench/receiving.py; the cost is that of the single posts."""
    with processes.product(place.site) as server:
        place.post(server.port, grouped(place.traffic.take(480, 3), 1), seconds=5)
        before = _spent([server])
        posts = grouped(place.traffic.take(int(5000 * plan.seconds), 3), 1)
        singles = place.post(server.port, posts, seconds=plan.seconds)
        own, postgres = _each(before, _spent([server]), len(singles.accepted))
        held = place.database.rows(OURS)[0][0]
        posts = grouped(place.traffic.take(int(20_000 * plan.seconds), 3), 50)
        lists = place.post(server.port, posts, seconds=plan.seconds)
    what = f"{count} × {threads} threads"
    return Row(what, singles.rate, None, held, count * (threads + 1), own, postgres, lists.rate * 50)


def _workers(place: Scene, nodes: int, each: int) -> Row:
    """A backlog that falls due while nobody works, and then is worked off; measured in the middle of it."""
    with processes.product(place.site) as web:
        place.post_all(web.port, nodes * each * TURNS)
    time.sleep(working.WINDOW)
    with (
        _model() as settings,
        processes.cluster(place.site, nodes, {"WORKERS": str(each), **settings}) as servers,
    ):
        _wait_for(place, MIDDLE[0])
        before, held = _spent(servers), place.database.rows(OURS)[0][0]
        _wait_for(place, MIDDLE[1])
        after = _spent(servers)
        working.wait_until_settled(place)
    ended = [at for (at,) in place.database.rows("SELECT completed_at FROM batches_batch ORDER BY 1")]
    first, last = (int(len(ended) * share) for share in MIDDLE)
    rate = (last - first) / (ended[last] - ended[first]).total_seconds()
    own, postgres = _each(before, after, last - first)
    formula = nodes * (each + BESIDE_WORKERS) + SWEEPER
    return Row(f"{nodes} × {each} workers", rate, nodes * each / MODEL_SECONDS, held, formula, own, postgres)


@contextmanager
def _model() -> Iterator[Mapping[str, str]]:
    """What the service needs to be told to ask a model that takes its time."""
    with OpenAIServer(answer("agree", delay=MODEL_SECONDS)) as model:
        key = "key-of-the-bench"
        yield {
            "CLASSIFICATION_MODE": "llm_then_rules",
            "OPENAI_API_KEY": key,
            "OPENAI_BASE_URL": model.url,
        }


def _wait_for(place: Scene, share: float) -> None:
    """Until so many of the conversations are settled."""
    unsettled = "count(*) FILTER (WHERE completed_at IS NULL)"
    left = f"SELECT {unsettled} > count(*) * {1 - share} FROM batches_batch"  # noqa: S608 - fixed names
    working.wait_while(place, left)


def _spent(servers: list[processes.Server]) -> tuple[float, float]:
    """CPU seconds so far of the servers' processes and of PostgreSQL's, which have all begun by now."""
    own = [process for server in servers for process in server.family()]
    everybody = psutil.process_iter(["name", "cpu_times"])  # whoever ends meanwhile is left out
    postgres = [one.info["cpu_times"] for one in everybody if one.info["name"] == "postgres"]
    return _cpu([process.cpu_times() for process in own]), _cpu(postgres)


def _cpu(times: list[Any]) -> float:
    total: float = sum(one.user + one.system for one in times if one)
    return total


def _each(before: tuple[float, float], after: tuple[float, float], number: int) -> tuple[float, float]:
    """Milliseconds for each of `number`, ours and PostgreSQL's."""
    own, postgres = (1000 * (late - early) / number for early, late in zip(before, after, strict=True))
    return own, postgres


def show(console: Console, version: str, web: list[Row], workers: list[Row]) -> None:
    """Print both tables."""
    what = ("processes", "single posts/s", "messages/s in lists of 50")
    rows = [(row.what, f"{row.rate:,.0f}", f"{row.lists:,.0f}", *_shared(row)) for row in web]
    console.print(_table(f"Web processes, {version}", (*what, *SHARED), rows))
    what = ("nodes", "conversations/s", "workers ÷ seconds")
    rows = [(row.what, f"{row.rate:,.1f}", f"{row.rule:,.1f}", *_shared(row)) for row in workers]
    title = f"Workers, with a model that takes {MODEL_SECONDS:g} s, {version}"
    console.print(_table(title, (*what, *SHARED), rows))


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    return table


def _shared(row: Row) -> list[str]:
    return [
        str(row.connections),
        str(row.connections_rule),
        f"{row.cpu_own:,.2f}",
        f"{row.cpu_postgres:,.2f}",
    ]
