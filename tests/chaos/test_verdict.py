"""The verdict of a chaos run: evidence of each breach is seen, and good evidence is not taken for one."""

from dataclasses import replace

import pytest

from bench.traffic import Message as Sent
from chaos.clients import Told
from chaos.evidence import Batch, Evidence, Message, Unknown
from chaos.killer import EVERY_KIND, Kill, Outage
from chaos.outside import FINE, UNCLEAR, Call, Fault
from chaos.plan import FULL, Plan
from chaos.verdict import Check, judge

ANNA, BERT = "+639170000001", "+639180000002"
PLAN = replace(FULL, kills=len(EVERY_KIND), restarts=1)
AT = 1_000_000.0


def call(to: str = ANNA, fault: Fault = FINE, client: int = 4711) -> Call:
    return Call(AT, to, "Thanks", "", client, fault, fault.accepts)


def batch(identity: int = 1, sender: str = ANNA, outcome: str = "replied", count: int = 1) -> Batch:
    return Batch(identity, sender, "completed" if outcome else "processing", outcome, count, "")


def kill(kind: str = "worker", ports: frozenset[int] = frozenset({4711}), at: float = AT + 0.1) -> Kill:
    return Kill(at, "node1", kind, (1,), "SIGKILL", ports)


@pytest.fixture
def evidence() -> Evidence:
    """Two people wrote, each got one reply, everything was killed once."""
    sent = {"a": Sent("a", ANNA, "Yes"), "b": Sent("b", BERT, "No")}
    return Evidence(
        Told(sent=dict(sent), acknowledged=set(sent)),
        calls=[call(ANNA), call(BERT)],
        messages=[Message("a", ANNA, "Yes", 1), Message("b", BERT, "No", 2)],
        batches=[batch(1, ANNA), batch(2, BERT)],
        kills=[kill(kind, frozenset(), AT - 100) for kind in EVERY_KIND],
        outages=[Outage("postgres", "SIGINT", AT - 90, AT - 80)],
        clock_steps=PLAN.clock_steps,
        settled_after=12.0,
    )


def broken(evidence: Evidence, plan: Plan = PLAN) -> list[str]:
    return [check.name for check in judge(plan, evidence) if check.kept is False]


def found(evidence: Evidence, name: str) -> Check:
    return next(check for check in judge(PLAN, evidence) if check.name == name)


def test_a_good_run_breaks_nothing(evidence: Evidence) -> None:
    assert broken(evidence) == []


def test_an_acknowledged_message_that_is_not_stored(evidence: Evidence) -> None:
    evidence.messages = evidence.messages[:1]
    assert broken(evidence) == ["acknowledged, not stored", "not in exactly one batch"]


def test_a_message_that_is_stored_twice(evidence: Evidence) -> None:
    evidence.messages = [*evidence.messages, evidence.messages[0]]
    assert "stored more than once" in broken(evidence)


def test_a_message_in_another_senders_batch(evidence: Evidence) -> None:
    evidence.messages = [Message("a", ANNA, "Yes", 2), Message("b", BERT, "No", 1)]
    assert broken(evidence) == ["not in exactly one batch"]


def test_a_text_that_was_changed(evidence: Evidence) -> None:
    evidence.messages = [Message("a", ANNA, "Yess", 1), evidence.messages[1]]
    assert broken(evidence) == ["stored otherwise than sent"]


def test_a_good_message_that_was_refused(evidence: Evidence) -> None:
    evidence.told.refused.append("a was answered 400")
    assert broken(evidence) == ["refused although good"]


def test_a_message_that_was_never_acknowledged(evidence: Evidence) -> None:
    evidence.told.acknowledged.remove("a")
    assert broken(evidence) == ["sent, never acknowledged"]


def test_a_second_reply(evidence: Evidence) -> None:
    evidence.calls = [*evidence.calls, call(ANNA)]
    assert broken(evidence) == ["second replies"]


def test_two_replies_for_two_batches_of_one_sender(evidence: Evidence) -> None:
    evidence.batches = [*evidence.batches, batch(3, ANNA, count=0)]
    evidence.calls = [*evidence.calls, call(ANNA)]
    assert broken(evidence) == []


def test_an_sms_for_a_batch_that_says_refused(evidence: Evidence) -> None:
    evidence.batches = [batch(1, ANNA, outcome="refused"), evidence.batches[1]]
    assert broken(evidence) == ["second replies"]


def test_a_reply_that_nobody_was_given(evidence: Evidence) -> None:
    evidence.calls = evidence.calls[:1]
    assert broken(evidence) == ["replied without an SMS"]


@pytest.mark.parametrize("after", [None, 60.5])
def test_what_settles_too_late(evidence: Evidence, after: float | None) -> None:
    evidence.settled_after = after
    assert broken(evidence) == ["everything settled after the last fault"]


def test_a_batch_that_does_not_settle(evidence: Evidence) -> None:
    evidence.batches = [batch(1, ANNA, outcome=""), evidence.batches[1]]
    assert broken(evidence) == ["batches not settled"]


def test_too_few_kills(evidence: Evidence) -> None:
    evidence.kills = evidence.kills[1:]
    assert broken(evidence) == ["kill -9"]


def test_a_kind_of_process_that_was_spared(evidence: Evidence) -> None:
    plan = replace(PLAN, kills=4 * len(EVERY_KIND))
    evidence.kills = [one for one in evidence.kills if one.kind != "monitor"] * 5
    assert broken(evidence, plan) == ["… kinds of process not killed"]


def test_a_restart_that_did_not_take_place(evidence: Evidence) -> None:
    evidence.outages = []
    assert broken(evidence) == ["database restarts"]


def test_a_process_that_stayed(evidence: Evidence) -> None:
    evidence.leftovers = ["node1: 17 python"]
    assert broken(evidence) == ["processes left behind after SIGTERM"]


# --- unknown, and why ----------------------------------------------------------------------------------------
def unknown(evidence: Evidence, reason: str = "interrupted") -> Evidence:
    """Anna's reply is unknown; its attempt began just before her call."""
    evidence.batches = [batch(1, ANNA, outcome="unknown"), evidence.batches[1]]
    evidence.unknown = [Unknown(1, ANNA, reason, AT - 0.05)]
    return evidence


def test_unknown_without_a_cause(evidence: Evidence) -> None:
    assert broken(unknown(evidence)) == ["unknown without a cause"]


def test_unknown_because_the_provider_gave_no_clear_answer(evidence: Evidence) -> None:
    evidence.calls = [call(ANNA, UNCLEAR[0]), call(BERT)]
    assert broken(unknown(evidence, "http_500")) == []


def test_a_clear_answer_that_became_unknown(evidence: Evidence) -> None:
    assert broken(unknown(evidence, "http_500")) == ["unknown without a cause"]


def test_unknown_because_the_worker_was_killed_in_the_call(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill()]
    assert broken(unknown(evidence)) == []
    assert found(evidence, "unknown: something died inside the call").found.startswith("1 ")


def test_the_kill_of_another_worker_is_no_cause(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill(ports=frozenset({99}))]
    assert broken(unknown(evidence)) == ["unknown without a cause"]


def test_a_call_that_began_between_the_look_at_its_caller_and_the_kill(evidence: Evidence) -> None:
    unseen = replace(kill(ports=frozenset(), at=AT + 0.02), looked=AT - 0.02)
    evidence.kills = [*evidence.kills, unseen]
    assert broken(unknown(evidence)) == []


def test_unknown_because_the_worker_was_killed_before_the_call(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill(ports=frozenset())]
    evidence.calls = [call(BERT)]
    assert broken(unknown(evidence)) == []


def test_the_call_of_the_senders_next_batch_is_not_taken_for_it(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill("monitor", ports=frozenset())]
    evidence.batches = [*evidence.batches, batch(3, ANNA, count=0)]
    evidence.calls = [replace(call(ANNA), at=AT + 2.5), call(BERT)]
    assert broken(unknown(evidence)) == []


def test_unknown_because_the_database_was_away(evidence: Evidence) -> None:
    evidence.outages = [Outage("postgres", "SIGKILL", AT, AT + 2)]
    assert broken(unknown(evidence)) == []


def test_too_many_unknown(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill()]
    unknown(evidence)
    evidence.unknown = [replace(one, batch=number) for one in evidence.unknown for number in range(6)]
    assert broken(evidence) == ["unknown: something died inside the call"]


def test_with_an_idempotency_key_nothing_may_be_unknown(evidence: Evidence) -> None:
    evidence.kills = [*evidence.kills, kill()]
    plan = replace(PLAN, provider="smsgate")
    assert broken(unknown(evidence), plan) == ["unknown (the provider has an idempotency key)"]


def test_a_clock_that_was_not_stepped(evidence: Evidence) -> None:
    evidence.clock_steps = 3
    assert broken(evidence) == ["clock of one node stepped by a minute"]


def test_one_node_alone_keeps_its_clock(evidence: Evidence) -> None:
    evidence.clock_steps = 0
    assert broken(evidence, replace(PLAN, database="sqlite")) == []
