"""One set-up: traffic and faults for a while, then calm, then the verdict."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos import evidence as evidences
from chaos.clients import Clients
from chaos.evidence import Evidence
from chaos.killer import Killer, Outages, Steps
from chaos.outside import Model, Provider
from chaos.plan import SETTLED_WITHIN, WINDOW, Plan
from chaos.scene import Scene, scene
from chaos.servers import Server
from chaos.verdict import Check, judge

TIMES = {
    "DJANGO_SETTINGS_MODULE": "chaos.settings_short",
    "BATCH_LEASE_SECONDS": "15",
    "OPENAI_TIMEOUT": "1",
    "OPENAI_DEADLINE": "2",
    "OPENAI_BREAKER_SECONDS": "2",
    "SMS_TIMEOUT": "2",
}
HOW = (signal.SIGINT, signal.SIGKILL, signal.SIGQUIT)  # PostgreSQL: fast, crash, immediate
LINGER = 8.0  # seconds
Show = Callable[[str, float, str], None]


@dataclass
class Faults:
    """Everything that goes wrong in a run, switched on and off together."""

    killer: Killer
    outages: Outages
    steps: Steps
    provider: Provider
    model: Model
    ended: float = field(default=0.0)

    def begin(self) -> None:
        """From now on, things go wrong."""
        self.provider.misbehaves = self.model.misbehaves = True
        self.killer.start()
        self.outages.start()
        self.steps.start()

    def end(self) -> None:
        """Wait for the last one; `ended` (monotonic) is when it was.

        Provider and model fail for a little longer: while processes are killed all the time, few get as far as them.
        """
        self.killer.finish()
        self.outages.finish()
        self.steps.finish()
        time.sleep(LINGER)
        self.provider.misbehaves = self.model.misbehaves = False
        self.ended = time.monotonic()


def run(plan: Plan, logs: Path, show: Show) -> tuple[list[Check], Evidence]:
    """Run one set-up with its logs in `logs`; `show` is told phase, share done and words."""
    random = Random(plan.seed)
    with ExitStack() as stack:
        provider = stack.enter_context(Provider(plan.provider, Random(random.random())))
        model = stack.enter_context(Model(Random(random.random())))
        settings = {**TIMES, **provider.settings(), **model.settings()}
        show("starting", 0, "")
        place = stack.enter_context(
            scene(
                logs,
                plan.database,
                nodes=plan.nodes,
                with_redis=plan.broker == "redis",
                window=WINDOW,
                settings=settings,
            )
        )
        found = _run(plan, place, provider, model, random, show)
    return judge(plan, found), found


def _run(plan: Plan, place: Scene, provider: Provider, model: Model, random: Random, show: Show) -> Evidence:
    clients = Clients(
        [node.port for node in place.nodes], plan.batches, plan.seconds, Random(random.random())
    )
    killer = Killer(place.nodes, plan.kills, plan.seconds, Random(random.random()))
    outages = Outages(_outages(plan, place), plan.seconds)
    clocks = [node.clock for node in place.nodes if node.clock]
    faults = Faults(killer, outages, Steps(clocks, plan.clock_steps, plan.seconds), provider, model)
    clients.start()
    faults.begin()
    _watch(plan, place, clients, killer, show)
    faults.end()
    found = Evidence(clients.told, provider.calls, kills=killer.done, outages=faults.outages.done)
    _calm_down(place, clients, faults, found, show)
    found.leftovers = place.stop()
    evidences.read(place.database, found)
    found.errors = faults.outages.errors
    found.clock_steps = faults.steps.done
    return found


def _watch(plan: Plan, place: Scene, clients: Clients, killer: Killer, show: Show) -> None:
    end = time.monotonic() + plan.seconds
    while (left := end - time.monotonic()) > 0:
        killed, stored = killer.killed.total(), len(clients.told.acknowledged)
        words = f"{stored:,} of {clients.messages:,} acknowledged, {killed} killed"
        show("faults", 1 - left / plan.seconds, f"{words}, {evidences.settled(place.database):,} settled")
        time.sleep(min(left, 1.0))


def _calm_down(place: Scene, clients: Clients, faults: Faults, found: Evidence, show: Show) -> None:
    """Nothing goes wrong any longer: everything must be acknowledged and settled in time, without any command."""

    def left() -> float:
        return faults.ended + SETTLED_WITHIN - time.monotonic()

    show("settling", 0, "")
    clients.finish(left())
    told = clients.told
    if evidences.wait_until_settled(
        place.database, told, max(0.0, left()), lambda number: show("settling", 0, f"{number:,} left")
    ):
        found.settled_after = time.monotonic() - faults.ended


def _outages(plan: Plan, place: Scene) -> list[tuple[str, Server, signal.Signals]]:
    """The servers take turns; PostgreSQL is stopped in another way each time, Redis always crashes."""
    found: list[tuple[str, Server, signal.Signals]] = []
    for number in range(plan.restarts):
        if place.postgres is not None:
            found.append(("postgres", place.postgres, HOW[number % len(HOW)]))
        if place.redis is not None:
            found.append(("redis", place.redis, signal.SIGKILL))
    return found
