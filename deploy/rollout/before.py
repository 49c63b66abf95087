"""To which release a roll-back goes: what the last roll-out wrote down, held against what is there now."""

from deploy.layout import PROGRAMS
from deploy.rollout.machine import Machine, MachineError
from deploy.rollout.upstream import Previous, Upstream

ROLLOUT = "python -m deploy.rollout"


def good_and_bad(machine: Machine) -> tuple[str, str]:
    """The colour to go back to, and the one to leave. Raises MachineError, which says what to do, where there is none.

    In the middle of a roll-out, and where one died before or after that and has left processes, it is the settled
    release; after a roll-out the one before it, if it is still there. Never one that was only going to take over.
    """
    upstream = machine.upstream()
    if upstream.unfinished or (upstream.previous is None and _anything_runs(machine, upstream.other)):
        return upstream.settled, upstream.other
    if upstream.previous is None:
        raise MachineError(_nothing_known(machine, upstream))
    if (now := machine.release(upstream.other)) != upstream.previous.release:
        raise MachineError(_given_away(machine, upstream.previous, str(now)))
    return upstream.other, upstream.settled


def told(machine: Machine) -> str:
    """The same for people who look at the status."""
    try:
        good, _ = good_and_bad(machine)
        return f"rollback would have {good} ({machine.version(good)}) answer alone."
    except MachineError as problem:
        return f"rollback would not go anywhere. {problem}"


def _anything_runs(machine: Machine, colour: str) -> bool:
    return any(machine.is_active(colour, program) for program in PROGRAMS)


def _nothing_known(machine: Machine, upstream: Upstream) -> str:
    settled, other = upstream.settled, upstream.other
    return (
        f"{settled} ({machine.version(settled)}) answers, and no release before it is known: the last roll-out went "
        f"back to it, or there was none. To put {other} into service all the same: {ROLLOUT} blue-green"
    )


def _given_away(machine: Machine, before: Previous, now: str) -> str:
    link = machine.layout.releases / before.colour
    return (
        f"The release before is {before.release}, and {link} does not lead to it any longer: it is {now} now. "
        f"To go back all the same: ln -sfn {before.release} {link} && {ROLLOUT} rollback"
    )
