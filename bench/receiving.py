"""How fast messages are accepted: single posts, lists, and the answer time while little is going on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import load, processes
from bench.figures import MEMORY, PLAIN, Figure
from bench.scene import CONNECTIONS, Plan, Scene, scene, scratch
from bench.traffic import Post, Traffic, grouped, request

LIST_SIZE = 50
# More than any contender can take: the clock ends a round, not the supply.
SINGLES_PER_SECOND = 5_000
LISTS_PER_SECOND = 400
Send = Callable[[int, Sequence[Post], float], load.Result]


@dataclass
class Contender:
    """Somebody who is measured: how to start it, how to send to it, and what came of each round."""

    name: str
    start: Callable[[], AbstractContextManager[processes.Server]]
    traffic: Traffic
    send: Send
    singles: list[load.Result] = field(default_factory=list)
    lists: list[load.Result] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        """One round on a freshly started server."""
        with self.start() as server:
            self.send(server.port, grouped(self.traffic.take(480, 3), 1), 5)
            self.singles.append(self.send(server.port, self._posts(SINGLES_PER_SECOND * seconds, 1), seconds))
            self.lists.append(
                self.send(server.port, self._posts(LISTS_PER_SECOND * seconds, LIST_SIZE), seconds)
            )

    def _posts(self, number: float, size: int) -> list[Post]:
        return grouped(self.traffic.take(int(number) * size, 3), size)


def measure(plan: Plan, directory: Path) -> tuple[list[Figure], list[str]]:
    """Rounds of every contender in turn. Gives the figures, and what is wrong with what is stored."""
    with scene(plan, directory, "receiving") as place, _baselines(plan, directory) as baselines:
        contenders = [_product(place), *baselines]
        for _ in range(plan.rounds):
            for contender in contenders:
                contender.measure(plan.seconds)
        _repeat(place)
        return _figures(plan, contenders), place.problems()


def measure_sqlite(plan: Plan, directory: Path) -> tuple[list[Figure], list[str]]:
    """The product alone on SQLite, where the main run was on PostgreSQL."""
    with scene(plan, directory, "sqlite") as place:
        contender = _product(place)
        for _ in range(plan.rounds):
            contender.measure(plan.seconds / 2)
        return [_sqlite_figure(contender)], place.problems()


def _sqlite_figure(product: Contender) -> Figure:
    rate = _median(product.singles, lambda result: result.rate)
    return Figure("single posts accepted on SQLite", "1/s", rate, target="≥ 800", met=rate >= 800)


def _product(place: Scene) -> Contender:
    def send(port: int, posts: Sequence[Post], seconds: float) -> load.Result:
        return place.post(port, posts, seconds=seconds)

    return Contender("product", lambda: processes.product(place.site), place.traffic, send)


@contextmanager
def _baselines(plan: Plan, directory: Path) -> Iterator[list[Contender]]:
    with scratch(plan, directory, "plain") as site:
        processes.run(site, "-m", "bench.baselines.plain_drf")
        yield [
            Contender(MEMORY, lambda: processes.fastapi_memory(site), Traffic("memory"), _send),
            Contender(PLAIN, lambda: processes.plain_drf(site), Traffic("plain"), _send),
        ]


def _send(port: int, posts: Sequence[Post], seconds: float) -> load.Result:
    requests = [request(post) for post in posts]
    return load.post(port, requests, connections=CONNECTIONS, seconds=seconds)


def _repeat(place: Scene) -> None:
    """Post some messages again, each three times at once: what is stored must not grow."""
    again = grouped([message for message in place.ledger.messages[:100] for _ in range(3)], 1)
    with processes.product(place.site) as server:
        place.post(server.port, again, seconds=10)


def _median(results: Sequence[load.Result], value: Callable[[load.Result], float]) -> float:
    return median(value(result) for result in results)


def _figures(plan: Plan, contenders: Sequence[Contender]) -> list[Figure]:
    rate = _compare("single posts accepted", "1/s", contenders, lambda c: c.singles, lambda r: r.rate)
    p50 = _compare("single post p50", "ms", contenders, lambda c: c.singles, lambda r: r.milliseconds(50))
    p99 = _compare("single post p99", "ms", contenders, lambda c: c.singles, lambda r: r.milliseconds(99))
    lists = _compare(
        f"messages in lists of {LIST_SIZE}",
        "1/s",
        contenders,
        lambda c: c.lists,
        lambda r: r.rate * LIST_SIZE,
    )
    list_p99 = _compare(
        f"list of {LIST_SIZE} p99", "ms", contenders, lambda c: c.lists, lambda r: r.milliseconds(99)
    )
    if plan.kind == "sqlite":
        return [rate.aimed("≥ 800", rate.product >= 800), p50, p99, lists, list_p99]
    memory_rate, memory_p99 = rate.baselines[MEMORY], p99.baselines[MEMORY]
    return [
        rate.aimed(f"≥ 1.0 × memory = {memory_rate:,.0f}", rate.product >= memory_rate),
        p50,
        p99.aimed(f"≤ ¼ × memory = {memory_p99 / 4:,.1f}", p99.product <= memory_p99 / 4),
        lists.aimed("≥ 8,000", lists.product >= 8000),
        list_p99,
    ]


def _compare(
    name: str,
    unit: str,
    contenders: Sequence[Contender],
    results: Callable[[Contender], Sequence[load.Result]],
    value: Callable[[load.Result], float],
) -> Figure:
    rounds = {contender.name: [value(result) for result in results(contender)] for contender in contenders}
    medians = {name: median(values) for name, values in rounds.items()}
    return Figure(name, unit, medians.pop("product"), medians, rounds=rounds)
