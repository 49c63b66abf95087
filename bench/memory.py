"""What a conversation under way costs in the memory of the processes."""

import time
from collections.abc import Sequence
from pathlib import Path

from bench import load, processes
from bench.figures import MEMORY, Figure
from bench.scene import Plan, Scene, scene, scratch
from bench.traffic import Traffic, grouped, request

WINDOW = 3600  # seconds: nothing closes while we look
CACHES_FULL = 3  # times the open batches: more senders than any cache of the web processes holds
SETTLE = 2.0  # seconds until the processes have come to rest
# MiB per thousand senders that the allocator may move without any sender being the cause.
NOISE = 0.1


def measure(plan: Plan, directory: Path) -> tuple[list[Figure], list[str]]:
    """The figures, and what is wrong with what the product stored."""
    with scene(plan, directory, "memory", WINDOW) as place:
        empty, first, full = _product(plan, place)
        problems = place.problems()
    memory_empty, memory_full = _baseline(plan, directory)
    thousands = plan.open_batches / 1000
    grown, memory_grown = (full - first) / thousands, (memory_full - memory_empty) / thousands
    return [
        Figure("own memory of all processes, 16 open batches", "MiB", empty, {MEMORY: memory_empty}),
        Figure(f"the same with {CACHES_FULL * plan.open_batches:,} open batches", "MiB", first),
        Figure(f"the same with {plan.open_batches:,} more", "MiB", full),
        Figure(
            "growth by 1,000 open senders",
            "MiB",
            grown,
            {MEMORY: memory_grown},
            f"0 (± {NOISE})",
            grown <= NOISE,
        ),
    ], problems


def _product(plan: Plan, place: Scene) -> tuple[float, float, float]:
    """Own memory (MiB) of web server and clusters: with sixteen conversations, with many, and with more.

    What grows from the first to the second may also be caches of bounded size that fill, and pages that forked
    processes cease to share once each has run; so the cost of a sender is taken between the second and third.
    """
    with processes.product(place.site) as web, processes.cluster(place.site) as cluster:
        place.post_all(web.port, plan.open_batches, per_sender=plan.open_batches)
        empty = _at_rest([web, *cluster])
        for _ in range(CACHES_FULL):
            place.post_all(web.port, plan.open_batches)
        time.sleep(plan.tick_seconds)
        first = _at_rest([web, *cluster])
        place.post_all(web.port, plan.open_batches)
        return empty, first, _at_rest([web, *cluster])


def _baseline(plan: Plan, directory: Path) -> tuple[float, float]:
    with (
        scratch(plan, directory, "memory_baseline", WINDOW) as site,
        processes.fastapi_memory(site) as server,
    ):
        traffic = Traffic("baseline")
        load.post(
            server.port, [request(post) for post in grouped(traffic.take(320), 1)], connections=4, seconds=5
        )
        before = _at_rest([server])
        posts = grouped(traffic.take(plan.open_batches), 50)
        load.post(server.port, [request(post) for post in posts], connections=4, seconds=60)
        return before, _at_rest([server])


def _at_rest(servers: Sequence[processes.Server]) -> float:
    time.sleep(SETTLE)
    return processes.own_memory(servers)
