"""A roll-out: the other release is started beside the one that answers, takes over in steps, and is watched.

Both work on one database at the same time, so the schema is only ever added to (docs/upgrade.md). Whatever happens, the
release that was good before is one roll-back away, and a bad sign makes that by itself.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deploy.layout import COLOURS, PROGRAMS
from deploy.rollout.machine import Machine, MachineError
from deploy.rollout.upstream import Previous, UnreadableUpstream
from deploy.rollout.watching import AccessLog, Limits, Watch

BLUE_GREEN = (100,)
CANARY = (10, 25, 50, 100)
# The share of the requests from which on the new release's workers run too. Workers of two releases share one queue
# about equally, however many they are.
WORKERS_FROM = 50
BEHIND = ("sweeper", "worker")  # what works for both web servers alike


class BadSign(Exception):
    """The new release is not to be trusted; the message says why."""


@dataclass(frozen=True)
class Pace:
    """Times in seconds."""

    watch: float = 300  # after each step
    every: float = 5  # between two looks
    start: float = 120  # until a release must be ready; an emulated machine took 90
    drain: float = 5  # for requests under way, between the last step and the end of the old web server


@dataclass
class Rollout:
    """One roll-out on one machine. `say` is told what happens, for people."""

    machine: Machine
    say: Callable[[str], None]
    pace: Pace = field(default_factory=Pace)
    limits: Limits = field(default_factory=Limits)

    def to_other(self, steps: Sequence[int]) -> bool:
        """Put the other release into service by `steps` (per cent); whether it is. If not, all is as it was before.

        Raises MachineError, with nothing changed, where there is nothing to roll out or another roll-out is unfinished.
        """
        old, new = self._old_and_new()
        before = Previous(old, self.machine.release(old))
        try:
            # From here on a roll-back means: to the old one. Whatever was before that is not meant any longer.
            self.machine.write_upstream(old, {old: 100})
            self._prepare(new)
            for share in steps:
                self._step(old, new, share)
            self.machine.direct(new, {new: 100}, before)
        except (BadSign, MachineError, KeyboardInterrupt) as problem:
            self.say(f"BAD SIGN  {str(problem) or 'stopped by hand'}")
            self.back(old, new)
            return False
        except BaseException as fault:
            # Of this command's own: nobody would be watching while both answer. Who mends it needs the traceback.
            self.say(f"FAULT  {fault!r}")
            self.back(old, new)
            raise
        self._finish(old, new)
        return True

    def first(self, colour: str) -> None:
        """The first release on this machine: nobody answers yet, and nginx does not have the site yet.

        Raises MachineError where another one answers: nobody would be told, and nobody stopped.
        """
        self._refuse_a_second_first(colour)
        self.machine.port(colour)
        self.machine.migrate(colour)
        self.machine.start(colour, *PROGRAMS)
        self._wait_until(self.machine.is_ready, colour, "is not ready")
        self.machine.write_upstream(colour, {colour: 100})
        self.machine.keep(colour)
        self.say(f"{self._name(colour)} is ready, and nginx's site can be enabled")

    def _refuse_a_second_first(self, colour: str) -> None:
        try:
            now = self.machine.upstream()
        except UnreadableUpstream:
            return
        if now.unfinished or now.settled != colour:
            raise MachineError(f"{self._name(now.settled)} answers here. {OTHER_WAYS}")

    def again(self) -> None:
        """Start the release that answers, after all was stopped. Raises MachineError in the middle of a roll-out."""
        upstream = self.machine.upstream()
        if upstream.unfinished:
            raise MachineError(UNFINISHED)
        self.machine.start(upstream.settled, *PROGRAMS)
        self._wait_until(self.machine.is_ready, upstream.settled, "is not ready")
        self.machine.keep(upstream.settled)
        self.say(f"{self._name(upstream.settled)} is ready")

    def back(self, good: str, bad: str) -> None:
        """Have `good` do all the work and `bad` none.

        Raises MachineError: with nothing stopped, if `good` is down; with the rest done, if a part cannot be stopped.
        """
        self.say(f"Going back to {self._name(good)}")
        self.machine.start(good, *PROGRAMS)
        # Not: is ready. While the database is away no release is, and the good one is still the better one.
        self._wait_until(self.machine.is_up, good, "does not answer")
        self.machine.direct(good, {good: 100})
        self._leave(
            bad,
            good,
            lambda: self.machine.stop(bad, "sweeper"),
            lambda: self._send_for_sweep(good),
            lambda: self.machine.stop(bad, "worker"),
        )
        self.say(f"{self._name(good)} answers alone")

    def _old_and_new(self) -> tuple[str, str]:
        upstream = self.machine.upstream()
        old, new = upstream.settled, upstream.other
        if upstream.unfinished:
            raise MachineError(UNFINISHED)
        self.machine.port(new)  # before anything is changed
        self.say(f"{self._name(old)} answers; {self._name(new)} is to take over")
        return old, new

    def _prepare(self, new: str) -> None:
        """The new release's web server runs, and is ready, before anybody is sent to it."""
        self.machine.manage(new, "check", "--fail-level", "ERROR")
        self.machine.migrate(new)
        self.say("The schema is the new release's; the old one works on it as well")
        self.machine.start(new, "web")
        self._wait_until(self.machine.is_up, new, "does not answer")
        self._wait_until(self.machine.is_ready, new, "is not ready")
        hour = datetime.now(UTC) - timedelta(hours=1)
        self._before = self.machine.signs(new, hour)

    def _step(self, old: str, new: str, share: int) -> None:
        programs: tuple[str, ...] = ("web",)
        if share >= WORKERS_FROM:
            programs = PROGRAMS
            self.machine.start(new, *BEHIND)
        log = AccessLog(self.machine.layout.access_log, {self.machine.port(one): one for one in COLOURS})
        # From here on: stopping what worked behind the old one takes a minute, in which things go wrong as well.
        watch = Watch(self.machine, new, programs, log, self.limits, self._before)
        self.machine.direct(old, {old: 100 - share, new: share})
        if share == 100:
            self._stop_behind(old, new)
        self._watch(watch, share)

    def _watch(self, watch: Watch, share: int) -> None:
        """Raises BadSign as soon as there is one."""
        end = time.monotonic() + self.pace.watch
        while True:
            bad = watch.look()
            if bad:
                raise BadSign("; ".join(bad))
            if (left := end - time.monotonic()) <= 0:
                break
            time.sleep(min(left, self.pace.every))
        self.say(f"{share:3} %  {_seen(watch)}")

    def _finish(self, old: str, new: str) -> None:
        self._leave(old, new)
        self.say(f"{self._name(new)} answers alone; {self._name(old)} is one roll-back away")

    def _stop_behind(self, old: str, new: str) -> None:
        """The sweeper first, so that the other one leads while the workers finish."""
        self.machine.stop(old, "sweeper")
        self._send_for_sweep(new)
        self.machine.stop(old, "worker")

    def _send_for_sweep(self, new: str) -> None:
        """It would come by its schedule, too. While the database is away nobody can be sent for it."""
        try:
            self.machine.send_for_sweep(new)
        except MachineError as problem:
            self.say(f"GOING ON  {new}'s sweeper could not be sent for. {problem}")

    def _leave(self, bad: str, good: str, *first: Callable[[], None]) -> None:
        """Stop `bad`, each part whatever became of the others. Raises MachineError at the end if one did not work."""
        last = (lambda: self.machine.stop(bad, "web"), lambda: self.machine.keep(good))
        done = [self._tried(step) for step in (*first, lambda: time.sleep(self.pace.drain), *last)]
        if not all(done):
            rest = f"systemctl stop 'smsconsolidator-*@{bad}.service'"
            raise MachineError(f"{good} answers, but see above; what is left of {bad} is stopped by: {rest}")

    def _tried(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except (MachineError, OSError) as problem:
            self.say(f"GOING ON  {problem}")
            return False
        return True

    def _wait_until(self, state: Callable[[str], bool], colour: str, problem: str) -> None:
        end = time.monotonic() + self.pace.start
        while not state(colour):
            if time.monotonic() > end:
                raise MachineError(
                    f"{self._name(colour)} {problem} after {self.pace.start:.0f} s; its log: {LOG}"
                )
            time.sleep(0.2)

    def _name(self, colour: str) -> str:
        return f"{colour} ({self.machine.version(colour)})"


OTHER_WAYS = (
    "To start it: python -m deploy.rollout start. To have another one answer: blue-green, canary or rollback"
)
UNFINISHED = "A roll-out is not finished. Go back first: python -m deploy.rollout rollback"
LOG = "journalctl --namespace=smsconsolidator --since=-5min"


def _seen(watch: Watch) -> str:
    asked, failed = watch.log.requests.get(watch.colour, 0), watch.log.errors.get(watch.colour, 0)
    words = [f"{asked} requests, {failed} failed" if asked else "NO REQUEST SEEN in nginx's log"]
    if watch.log.unreadable:
        words.append(f"{watch.log.unreadable} lines of nginx's log unreadable")
    if now := watch.signs:
        words.append(f"{now.closed} batches closed, at most {now.lateness_max:.2f} s late")
        words.append(f"{now.settled} done, {now.failed} failed")
        words.append(f"{now.replies} replies, {now.replies_bad} bad")
    return " · ".join(words)
