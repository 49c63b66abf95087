"""The promises, each compared with the evidence."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chaos.evidence import Evidence, Unknown
from chaos.killer import EVERY_KIND, WHOLE_NODE, Kill
from chaos.outside import Call
from chaos.plan import SETTLED_WITHIN, Plan

IN_CALL = 5.0  # seconds: a call's time-out, and what comes before and after it in the worker
DYING = 0.1  # seconds in which a killed process may still be heard of
DELAY = 1.5  # seconds after which a dead monitor has ended its cluster
INTERRUPTED = "interrupted"
MOST_SHARE = 0.005  # of the batches may be unknown because something died inside the provider call
MOST_OF_FEW = 5  # in a run too short for a share to mean anything
UNCLEAR = "the provider gave no clear answer"
KILLED = "the worker was killed in the call"
KILLED_BEFORE = "the worker was killed just before the call"
AWAY = "the database was away when the call ended"
# Kinds of process with which workers die.
DEADLY = ("worker", "sentinel", "main", "monitor", "supervisord", WHOLE_NODE)
DEATHS = (KILLED, KILLED_BEFORE, AWAY)


@dataclass(frozen=True)
class Check:
    """One promise: what was found, what is allowed, whether it is kept (None: told for information)."""

    name: str
    found: str
    allowed: str = ""
    kept: bool | None = None
    examples: Sequence[str] = field(default_factory=tuple)


def judge(plan: Plan, evidence: Evidence) -> list[Check]:
    """Every check, in the order in which they are shown."""
    parts: tuple[Callable[[Plan, Evidence], Iterable[Check]], ...] = (
        _pressure,
        _stored,
        _replies,
        _settled,
        _unknown,
        _rest,
    )
    return [check for part in parts for check in part(plan, evidence)]


def _none(name: str, found: Sequence[str]) -> Check:
    return Check(name, f"{len(found):,}", "0", not found, found)


# --- was it chaos at all? ------------------------------------------------------------------------------------
def _pressure(plan: Plan, evidence: Evidence) -> Iterable[Check]:
    killed = Counter(kill.kind for kill in evidence.kills if kill.how == "SIGKILL")
    number = sum(killed.values())
    yield Check("kill -9", f"{number:,}", f"≥ {plan.kills}", number >= plan.kills)
    if plan.kills >= 4 * len(EVERY_KIND):
        yield _none("… kinds of process not killed", sorted(set(EVERY_KIND) - killed.keys()))
    terms = sum(kill.how == "SIGTERM" for kill in evidence.kills)
    yield Check("SIGTERM", f"{terms:,}")
    if plan.database == "postgres":
        restarts = sum(outage.server == "postgres" for outage in evidence.outages)
        yield Check("database restarts", str(restarts), str(plan.restarts), restarts == plan.restarts)
    if plan.broker == "redis":
        restarts = sum(outage.server == "redis" for outage in evidence.outages)
        yield Check("Redis restarts", str(restarts), str(plan.restarts), restarts == plan.restarts)
    if plan.nodes > 1:
        steps = evidence.clock_steps
        yield Check(
            "clock of one node stepped by a minute",
            f"{steps} times",
            str(plan.clock_steps),
            steps == plan.clock_steps,
        )
    yield _none("faults of the run itself", [*evidence.errors])


# --- nothing lost --------------------------------------------------------------------------------------------
def _stored(_plan: Plan, evidence: Evidence) -> Iterable[Check]:
    told, times = evidence.told, Counter(message.guid for message in evidence.messages)
    yield Check("messages acknowledged", f"{len(told.acknowledged):,}")
    yield _none("acknowledged, not stored", sorted(told.acknowledged - times.keys()))
    yield _none("stored more than once", [guid for guid, number in times.items() if number > 1])
    yield _none("sent, never acknowledged", sorted(told.sent.keys() - told.acknowledged))
    yield _none("refused although good", told.refused)
    yield _none("stored otherwise than sent", _changed(evidence))
    yield _none("not in exactly one batch", _astray(evidence))


def _changed(evidence: Evidence) -> list[str]:
    sent = {guid: (message.number, message.text) for guid, message in evidence.told.sent.items()}
    return [one.guid for one in evidence.messages if sent.get(one.guid) != (one.sender, one.text)]


def _astray(evidence: Evidence) -> list[str]:
    """Messages in no batch or in another sender's, and batches that count another number than they hold."""
    senders = {batch.id: batch.sender for batch in evidence.batches}
    held = Counter(message.batch for message in evidence.messages)
    wrong = [one.guid for one in evidence.messages if senders.get(one.batch) != one.sender]
    return wrong + [
        f"batch {batch.id} counts {batch.message_count} and holds {held[batch.id]}"
        for batch in evidence.batches
        if batch.message_count != held[batch.id]
    ]


# --- nothing sent twice --------------------------------------------------------------------------------------
def _replies(_plan: Plan, evidence: Evidence) -> Iterable[Check]:
    """A sender's batches say between how many and how many SMS the provider can have accepted."""
    accepted = Counter(call.to for call in evidence.calls if call.accepted)
    least, most = Counter[str](), Counter[str]()
    for batch in evidence.batches:
        least[batch.sender] += batch.outcome == "replied"
        most[batch.sender] += batch.outcome in ("replied", "unknown", "")
    yield Check("replies accepted by the provider", f"{accepted.total():,}")
    yield _none("second replies", _beyond(accepted, most, evidence))
    missing = [
        f"{to}: {number} replied, {accepted[to]} sent"
        for to, number in least.items()
        if number > accepted[to]
    ]
    yield _none("replied without an SMS", missing)


def _beyond(accepted: Counter[str], most: Counter[str], evidence: Evidence) -> list[str]:
    outcomes = defaultdict[str, list[str]](list)
    for batch in evidence.batches:
        outcomes[batch.sender].append(f"{batch.id} {batch.outcome or batch.status}")
    return [
        f"{to}: {number} SMS for its batches {', '.join(outcomes[to])}"
        for to, number in accepted.items()
        if number > most[to]
    ]


# --- settled by itself ---------------------------------------------------------------------------------------
def _settled(_plan: Plan, evidence: Evidence) -> Iterable[Check]:
    open_still = [f"batch {one.id} {one.status}" for one in evidence.batches if not one.outcome]
    after, allowed = evidence.settled_after, f"≤ {SETTLED_WITHIN} s"
    found = "not yet" if after is None else f"{after:.1f} s"
    yield Check("batches", f"{len(evidence.batches):,}")
    kept = after is not None and after <= SETTLED_WITHIN
    yield Check("everything settled after the last fault", found, allowed, kept)
    yield _none("batches not settled", open_still)
    for outcome, number in Counter(one.outcome for one in evidence.batches if one.outcome).most_common():
        yield Check(f"… {outcome}", f"{number:,}")


# --- unknown, and why ----------------------------------------------------------------------------------------
def _unknown(plan: Plan, evidence: Evidence) -> Iterable[Check]:
    if plan.provider == "smsgate":
        yield _none("unknown (the provider has an idempotency key)", [str(one) for one in evidence.unknown])
        return
    causes = {one: _cause(one, evidence) for one in evidence.unknown}
    died = [f"{one}: {cause}" for one, cause in causes.items() if cause in DEATHS]
    most = max(MOST_SHARE * len(evidence.batches), MOST_OF_FEW)
    found = f"{len(died)} ({len(died) / max(1, len(evidence.batches)):.2%})"
    yield Check("unknown: something died inside the call", found, f"≤ {most:.0f}", len(died) <= most, died)
    for cause, number in sorted(Counter(causes.values()).items()):
        yield Check(f"… {cause or 'no cause'}", str(number))
    yield _none("unknown without a cause", [str(one) for one, cause in causes.items() if not cause])


def _cause(one: Unknown, evidence: Evidence) -> str:
    """What the outside saw that explains an unknown reply; empty when nothing does."""
    calls = [call for call in evidence.calls if call.to == one.to and -1 < call.at - one.started < IN_CALL]
    if any(not call.fault.clear for call in calls):
        return UNCLEAR
    if one.reason != INTERRUPTED:
        return ""
    near = [kill for kill in evidence.kills if -DELAY < kill.at - one.started < IN_CALL]
    if any(_hit(kill, call) for kill in near for call in calls):
        return KILLED
    if any(outage.begin < one.started + IN_CALL and one.started < outage.end for outage in evidence.outages):
        return AWAY
    return KILLED_BEFORE if any(_uncalled(kill, calls) for kill in near) else ""


def _hit(kill: Kill, call: Call) -> bool:
    """Whether the caller died of that kill: it held the connection, or made it between the look and the kill, or its
    cluster was about to end."""
    unseen = kill.kind in DEADLY and kill.looked <= call.at <= kill.at + DYING
    return call.client in kill.ports or unseen or (kill.kind == "monitor" and 0 < call.at - kill.at < DELAY)


def _uncalled(kill: Kill, calls: Sequence[Call]) -> bool:
    """Whether workers died of that kill before any call; a later one is of the sender's next batch."""
    return kill.kind in DEADLY and not any(call.at <= kill.at + DELAY for call in calls)


# --- and the rest --------------------------------------------------------------------------------------------
def _rest(_plan: Plan, evidence: Evidence) -> Iterable[Check]:
    told = evidence.told
    yield _none("processes left behind after SIGTERM", list(evidence.leftovers))
    answers = ", ".join(f"{number:,} × {status or 'none'}" for status, number in sorted(told.answers.items()))
    yield Check("answers to posts", answers)
    yield Check("slowest answer", f"{told.slowest:.1f} s")
    yield Check("posts repeated after their acknowledgement", f"{told.repeats:,}")
    faults = Counter(call.fault.name for call in evidence.calls if call.fault.name)
    yield Check("provider faults", ", ".join(f"{n} × {name}" for name, n in faults.most_common()) or "none")
