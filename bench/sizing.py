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

from bench import load, processes, working
from bench.receiving import LIST_SIZE, LISTS_PER_SECOND, SINGLES_PER_SECOND
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
Spent = tuple[float, float]  # CPU seconds, ours and PostgreSQL's


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
    web, wrong = _web_rows(plan, directory, say)
    workers, wrong_too = _worker_rows(plan, directory, say)
    return web, workers, wrong + wrong_too


def _web_rows(plan: Plan, directory: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    rows, problems = list[Row](), list[str]()
    for count, threads in WEB:
        say(f"{count} web processes with {threads} threads")
        with scene(replace(plan, web_processes=count, web_threads=threads), directory, "web") as place:
            rows.append(_web(place, plan.seconds))
            problems += place.problems()
    return rows, problems


def _worker_rows(plan: Plan, directory: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    rows, problems = list[Row](), list[str]()
    for nodes, each in NODES:
        say(f"{nodes} nodes with {each} workers")
        with scene(plan, directory, "workers", working.WINDOW) as place:
            rows.append(_workers(place, nodes, each))
            problems += place.problems()
    return rows, problems


# --- web processes --------------------------------------------------------------------------------------------
def _web(place: Scene, seconds: float) -> Row:
    """Single posts, then lists, as in bench/receiving.py; the cost is that of the single posts."""
    with processes.product(place.site) as server:
        place.post(server.port, grouped(place.traffic.take(480, 3), 1), seconds=5)
        before = _spent([server])
        singles = _posted(place, server.port, SINGLES_PER_SECOND, 1, seconds)
        own, postgres = _each(before, _spent([server]), len(singles.accepted))
        held = _held(place)
        lists = _posted(place, server.port, LISTS_PER_SECOND, LIST_SIZE, seconds)
    count, threads = place.site.web_processes, place.site.web_threads
    rule = count * (threads + 1)
    return Row(
        f"{count} × {threads} threads", singles.rate, None, held, rule, own, postgres, lists.rate * LIST_SIZE
    )


def _posted(place: Scene, port: int, posts_per_second: int, size: int, seconds: float) -> load.Result:
    """What comes of posts of `size` messages, of which there are more than can be taken."""
    messages = place.traffic.take(int(posts_per_second * seconds) * size, 3)
    return place.post(port, grouped(messages, size), seconds=seconds)


# --- workers --------------------------------------------------------------------------------------------------
def _workers(place: Scene, nodes: int, each: int) -> Row:
    """A backlog is worked off; measured in the middle of it."""
    _leave_a_backlog(place, nodes * each * TURNS)
    with (
        _model() as settings,
        processes.cluster(place.site, nodes, {"WORKERS": str(each), **settings}) as servers,
    ):
        held, before, after = _watched_in_the_middle(place, servers)
        working.wait_until_settled(place)
    number, rate = _settled_in_the_middle(place)
    own, postgres = _each(before, after, number)
    rule = nodes * (each + BESIDE_WORKERS) + SWEEPER
    return Row(f"{nodes} × {each} workers", rate, nodes * each / MODEL_SECONDS, held, rule, own, postgres)


def _leave_a_backlog(place: Scene, conversations: int) -> None:
    """They fall due while nobody works."""
    with processes.product(place.site) as web:
        place.post_all(web.port, conversations)
    time.sleep(working.WINDOW)


def _watched_in_the_middle(place: Scene, servers: list[processes.Server]) -> tuple[int, Spent, Spent]:
    """The connections that are held where the middle begins, and what was spent until there and until its end."""
    _wait_for(place, MIDDLE[0])
    before, held = _spent(servers), _held(place)
    _wait_for(place, MIDDLE[1])
    return held, before, _spent(servers)


def _settled_in_the_middle(place: Scene) -> tuple[int, float]:
    """How many conversations were settled in the middle, and how many a second."""
    ended = [at for (at,) in place.database.rows("SELECT completed_at FROM batches_batch ORDER BY 1")]
    first, last = (int(len(ended) * share) for share in MIDDLE)
    return last - first, (last - first) / (ended[last] - ended[first]).total_seconds()


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


# --- both -----------------------------------------------------------------------------------------------------
def _held(place: Scene) -> int:
    """The connections to the database, but for ours."""
    held: int = place.database.rows(OURS)[0][0]
    return held


def _spent(servers: list[processes.Server]) -> Spent:
    """What the servers' processes and PostgreSQL's have spent so far; all have begun by now."""
    own = [process for server in servers for process in server.family()]
    everybody = psutil.process_iter(["name", "cpu_times"])  # whoever ends meanwhile is left out
    postgres = [one.info["cpu_times"] for one in everybody if one.info["name"] == "postgres"]
    return _cpu([process.cpu_times() for process in own]), _cpu(postgres)


def _cpu(times: list[Any]) -> float:
    total: float = sum(one.user + one.system for one in times if one)
    return total


def _each(before: Spent, after: Spent, number: int) -> tuple[float, float]:
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
