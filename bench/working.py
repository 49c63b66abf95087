"""How the whole service works: closing on time, draining a backlog, answering while it is at work."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bench import load, processes
from bench.database import moment
from bench.figures import MEMORY, PLAIN, Figure
from bench.scene import Plan, Scene, scene, scratch
from bench.traffic import Post, Traffic, grouped, request
from classification.ranks import nearest_rank

WINDOW = 3  # seconds
LATE_PER_SECOND = 50
LIGHT_PER_SECOND = 20
PATIENCE = 120  # seconds until a batch that is not settled counts as stuck
PROMISED_MS = 100  # the webhook's answer time, whatever happens later
# Each finds its rows in an index of open work alone, so that to look costs nothing with a long history.
UNSETTLED = """SELECT (SELECT COUNT(*) FROM batches_batch WHERE status = 'open')
                    + (SELECT COUNT(*) FROM batches_batch WHERE status IN ('closed', 'processing'))"""


class StuckError(Exception):
    """Batches did not settle in time."""


def measure(plan: Plan, directory: Path) -> tuple[list[Figure], list[str]]:
    """The figures, and what is wrong with what the product stored."""
    with scene(plan, directory, "working", WINDOW) as place:
        figures = [*close_on_time(plan, place), drain(plan, place), *_answer(plan, place, directory)]
        return figures, place.problems() + _unanswered(place)


def close_on_time(plan: Plan, place: Scene) -> list[Figure]:
    """Batches due one after the other; how late each was closed, by the rows' own times."""
    with processes.product(place.site) as web, processes.cluster(place.site):
        _warm_up(place, web.port)
        seen = _last_batch(place)
        seconds = plan.late_batches / LATE_PER_SECOND
        posts = grouped(place.traffic.take(plan.late_batches), 1)
        place.post(web.port, posts, seconds=seconds + 5, interval=1 / LATE_PER_SECOND)
        wait_until_settled(place)
    rows = place.database.rows("SELECT closes_at, closed_at FROM batches_batch WHERE id > %s", [seen])
    late = [(moment(closed) - moment(due)).total_seconds() * 1000 for due, closed in rows]
    return _lateness_figures(late)


def _lateness_figures(late: Sequence[float]) -> list[Figure]:
    ordered = sorted(late)
    p50, p99, worst = (nearest_rank(ordered, percent) for percent in (50, 99, 100))
    name = f"close lateness of {len(late)} batches"
    return [
        Figure(f"{name}, p50", "ms", p50),
        Figure(f"{name}, p99", "ms", p99, target="≤ 50", met=p99 <= 50),
        Figure(f"{name}, max", "ms", worst),
    ]


def drain(plan: Plan, place: Scene) -> Figure:
    """Let batches fall due while no cluster is up, then start it."""
    seen = _last_batch(place)
    with processes.product(place.site) as web:
        place.post_all(web.port, plan.due_batches)
    time.sleep(WINDOW + 0.5)
    with processes.cluster(place.site):
        wait_until_settled(place)
    statement = "SELECT COUNT(*), MIN(closed_at), MAX(completed_at) FROM batches_batch WHERE id > %s"
    number, first, last = place.database.rows(statement, [seen])[0]
    rate = number / (moment(last) - moment(first)).total_seconds()
    return Figure(f"drain of {number:,} due batches", "batches/s", rate, target="≥ 200", met=rate >= 200)


def _answer(plan: Plan, place: Scene, directory: Path) -> list[Figure]:
    """The webhook's answer time at a light, steady pace, with batches closing all the while."""
    with processes.product(place.site) as web, processes.cluster(place.site):
        _warm_up(place, web.port)
        posts = _light_posts(plan, place.traffic)
        product = place.post(web.port, posts, seconds=plan.light_seconds + 5, interval=1 / LIGHT_PER_SECOND)
        wait_until_settled(place)
    with scratch(plan, directory, "light", WINDOW) as site:
        processes.run(site, "-m", "bench.baselines.plain_drf")
        memory = _light(plan, processes.fastapi_memory(site))
        plain = _light(plan, processes.plain_drf(site))
    return [
        _light_figure(name, percent, product, memory, plain)
        for name, percent in (("p50", 50), ("p99", 99), ("max", 100))
    ]


def _light(plan: Plan, starting: AbstractContextManager[processes.Server]) -> load.Result:
    traffic = Traffic("light")
    with starting as server:
        load.post(
            server.port, [request(post) for post in grouped(traffic.take(96), 1)], connections=8, seconds=5
        )
        requests = [request(post) for post in _light_posts(plan, traffic)]
        return load.post(
            server.port,
            requests,
            connections=8,
            seconds=plan.light_seconds + 5,
            interval=1 / LIGHT_PER_SECOND,
        )


def _light_posts(plan: Plan, traffic: Traffic) -> list[Post]:
    return grouped(traffic.take(int(plan.light_seconds * LIGHT_PER_SECOND), 3), 1)


def _light_figure(
    name: str, percent: int, product: load.Result, memory: load.Result, plain: load.Result
) -> Figure:
    value = product.milliseconds(percent)
    baselines = {MEMORY: memory.milliseconds(percent), PLAIN: plain.milliseconds(percent)}
    full_name = f"webhook answer at {LIGHT_PER_SECOND} posts/s, {name}"
    if name != "max":
        return Figure(full_name, "ms", value, baselines)
    return Figure(full_name, "ms", value, baselines, f"< {PROMISED_MS}", value < PROMISED_MS)


def _warm_up(place: Scene, port: int) -> None:
    """Settle some batches first: every worker has then loaded its code and a sweep leads."""
    place.post(port, grouped(place.traffic.take(96), 1), seconds=5)
    wait_until_settled(place)


def wait_until_settled(place: Scene) -> None:
    """Return when no batch is on its way. Raises StuckError after PATIENCE."""
    wait_while(place, UNSETTLED)


def wait_while(place: Scene, left: str) -> None:
    """Return when the statement `left` gives nothing or false. Raises StuckError after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while number := place.database.rows(left)[0][0]:
        if time.monotonic() > deadline:
            raise StuckError(f"Batches were not settled after {PATIENCE} s; left: {number}")
        time.sleep(0.25)


def _last_batch(place: Scene) -> int:
    last: int = place.database.rows("SELECT COALESCE(MAX(id), 0) FROM batches_batch")[0][0]
    return last


def _unanswered(place: Scene) -> list[str]:
    """Batches without exactly one reply that was sent."""
    statement = "SELECT COUNT(*) FROM batches_batch WHERE outcome <> 'replied'"
    number = place.database.rows(statement)[0][0]
    return [f"{number} batches had another outcome than a reply"] if number else []
