"""The life of the service: Hypothesis directs web, sweep, two workers and an operator, commit by commit.

It kills them where it likes and lets time pass. After every step the rows must be true, and in the end, when
everything is quiet, every batch settles by itself.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from batches.choices import SETTLED, BatchStatus, EventKind, Outcome
from batches.closing import close_due, reap
from batches.inbound.base import InboundSms
from batches.ingest import Ingested, ingest
from batches.models import Batch, BatchEvent, Channel, Message
from batches.pipeline import process
from batches.reprocess import reprocess
from batches.window_watch import WindowWatch
from classification.asking import ENGINES
from classification.engines.rules.engine import RulesEngine
from replies.models import Reply, ReplyStatus
from replies.senders import memory
from replies.senders.base import SendResult, accepted, refused, unknown
from tests.properties import rows
from tests.properties.stepping import Process
from tests.support.engines import Broken

SENDERS = ["+639171234567", "+639181234567", "GLOBE"]  # the last one is no number, and gets no reply
ANSWERS: dict[str, SendResult] = {
    "accepted": accepted("m-1"),
    "refused": refused("no_credit", "No credit left."),
    "refused for now": refused("http_429", "Slow down.", retryable=True),
    "unknown": unknown("timeout", "No answer in time."),
}
UNCLEAR = ("unknown", "broken off", "killed")  # it may have left
WORKERS = ("worker A", "worker B")
ROUNDS = 40  # of a minute each, after which everything must have settled

COMMANDS = {20: ("STOP", 0), 21: ("START", 0), 22: ("STOP", 0), 23: ("Stop!", 1), 24: ("START", 0)}

guids = st.integers(0, 24)
# How a process fares from here: on to its end, or so many stops further, where it rests, is killed, or is killed with
# its next transaction written and not committed; or on to the provider's call, which is the worst place to be killed.
Fate = tuple[str, int]
fates = st.tuples(
    st.sampled_from(["lives", "rests", "dies", "dies inside", "dies in the call"]), st.integers(0, 12)
)
LIVES: Fate = ("lives", 0)
IN_THE_CALL = "in the call"
moods = st.sampled_from([*ANSWERS, "broken off"])
spans = st.sampled_from([5, 21, 31, 61, 200])


def sms(number: int) -> InboundSms:
    """The same GUID is always the same message, as a provider repeats it."""
    text, sender = COMMANDS.get(number, (f"Yes, text {number}", number % len(SENDERS)))
    return InboundSms(f"g{number}", SENDERS[sender], text, None, "", "{}")


class Life(RuleBasedStateMachine):
    """The service, its provider, and time."""

    def __init__(self) -> None:
        super().__init__()
        rows.empty()
        memory.reset()
        ENGINES["rules"] = RulesEngine()
        self.channel = Channel.objects.get_or_create(slug="default")[0]
        self.running: dict[str, Process] = {}
        self.acknowledged: set[int] = set()
        self.moods: deque[str] = deque()  # of the provider, one for each call to come
        self.calls: list[tuple[int, str]] = []  # the reply's batch, and how the call ended
        self.interrupted: set[int] = set()  # replies whose sender died or was overtaken by its lease
        self.told_to_resend: Counter[int] = Counter()  # by batch

    # --- what happens ----------------------------------------------------------------------------------------
    @initialize(
        numbers=st.lists(guids, min_size=2, max_size=6),
        moods=st.lists(moods, max_size=4),
        later=st.lists(guids, max_size=3),
    )
    def a_minute_ago_somebody_wrote(self, numbers: list[int], moods: list[str], later: list[int]) -> None:
        """So that there is work from the beginning, and perhaps somebody who has written on since."""
        self.messages_arrive(numbers, LIVES)
        self.moods.extend(moods)
        self.time_passes(61)
        self.a_sweep_begins(LIVES)
        if later:
            self.messages_arrive(later, LIVES)

    @rule(numbers=st.lists(guids, min_size=1, max_size=6), fate=fates)
    def messages_arrive(self, numbers: list[int], fate: Fate) -> None:
        """One delivery. Where the web process dies, nobody was told that it is stored, and perhaps it is."""
        new = {n for n in numbers if not Message.objects.filter(provider_message_id=f"g{n}").exists()}
        self._begin("web", lambda: ingest(self.channel, [sms(number) for number in numbers]))
        web = self.running["web"]
        self._go("web", LIVES if fate[0] == "rests" else fate)  # in this process, others would wait for it
        if not web.killed:
            assert web.result == Ingested(stored=len(new), duplicates=len(numbers) - len(new))
            self.acknowledged.update(numbers)

    @rule(span=spans)
    def time_passes(self, span: int) -> None:
        self.interrupted |= self._sending()
        rows.pass_time(span)

    @rule(mood=moods)
    def the_provider_has_a_mood(self, mood: str) -> None:
        self.moods.append(mood)

    @rule(down=st.booleans())
    def the_engines_change(self, down: bool) -> None:
        ENGINES["rules"] = Broken() if down else RulesEngine()

    @precondition(lambda self: "sweep" not in self.running)
    @rule(fate=fates)
    def a_sweep_begins(self, fate: Fate) -> None:
        self._begin("sweep", lambda: (close_due(), reap()))
        self._go("sweep", fate)

    @precondition(lambda self: "windows" not in self.running)
    @rule(fate=fates)
    def windows_are_moved(self, fate: Fate) -> None:
        """The adaptive window, by whoever leads."""
        self._begin("windows", WindowWatch().look)
        self._go("windows", fate)

    @precondition(lambda self: bool(rows.tasks()) and not set(WORKERS) <= set(self.running))
    @rule(place=st.integers(0, 3), again=st.booleans(), fate=fates)
    def a_worker_takes_a_task(self, place: int, again: bool, fate: Fate) -> None:
        """Any task, for queues keep no strict order; `again`: the broker will hand it out once more."""
        waiting = rows.tasks()
        task = waiting[place % len(waiting)]
        batch_id = task.task["args"][0]
        if not again:
            task.delete()
        name = next(worker for worker in WORKERS if worker not in self.running)
        self._begin(name, lambda: process(batch_id, name))
        self._go(name, fate)

    @precondition(lambda _: bool(rows.tasks()))
    @rule()
    def a_task_is_lost(self) -> None:
        rows.tasks()[0].delete()

    @precondition(lambda self: "operator" not in self.running)
    @rule(resend_unknown=st.booleans(), fate=fates)
    def an_operator_pushes_everything(self, resend_unknown: bool, fate: Fate) -> None:
        ids = list(Batch.objects.order_by("id").values_list("id", flat=True))
        if resend_unknown:
            self.told_to_resend.update(ids)
        self._begin("operator", lambda: reprocess(ids, actor="operator", resend_unknown=resend_unknown))
        self._go("operator", fate)

    @precondition(lambda self: self.running)
    @rule(place=st.integers(0, 3), fate=fates)
    def one_goes_on(self, place: int, fate: Fate) -> None:
        self._go(sorted(self.running)[place % len(self.running)], fate)

    @precondition(lambda self: len(self.running) > 1)
    @rule()
    def everything_is_killed(self) -> None:
        for name in list(self.running):
            self._go(name, ("dies", 0))

    # --- what must be true -----------------------------------------------------------------------------------
    @invariant()
    def acknowledged_messages_are_stored(self) -> None:
        texts = dict(Message.objects.values_list("provider_message_id", "text"))
        for number in self.acknowledged:
            assert texts.get(f"g{number}") == sms(number).text

    @invariant()
    def rows_are_true(self) -> None:
        now = rows.read()
        rows.check_messages(now)
        rows.check_batches(now)
        rows.check_replies(now)
        rows.check_consent(now)
        rows.check_moved_on(now)

    @invariant()
    def nobody_hears_twice(self) -> None:
        resent = Counter(
            event.batch_id
            for event in BatchEvent.objects.filter(kind=EventKind.REPLY_REQUEUED)
            if event.data["was"] == ReplyStatus.UNKNOWN
        )
        assert resent <= self.told_to_resend
        left = Counter(batch_id for batch_id, end in self.calls if end == "accepted" or end in UNCLEAR)
        answered_later = Batch.objects.filter(outcome=Outcome.SUPERSEDED).values_list("id", flat=True)
        assert not left.keys() & set(answered_later)
        assert left <= Counter(dict.fromkeys(left, 1)) + resent, self.calls

    @invariant()
    def unknown_is_only_what_nobody_can_know(self) -> None:
        unclear = {batch_id for batch_id, end in self.calls if end in UNCLEAR}
        for reply in Reply.objects.filter(status=ReplyStatus.UNKNOWN):
            assert reply.batch_id in unclear or reply.id in self.interrupted

    @invariant()
    def only_what_went_wrong_has_failed(self) -> None:
        failed = set(Batch.objects.filter(status=BatchStatus.FAILED).values_list("outcome", flat=True))
        assert failed <= {Outcome.UNDECIDED, Outcome.ERROR}

    def teardown(self) -> None:
        """Everything is quiet: what still runs finishes, tasks are taken, minutes pass, and nobody pushes."""
        for name in list(self.running):
            self._go(name, LIVES)
        self.moods.clear()
        ENGINES["rules"] = RulesEngine()
        self._settle()
        self.acknowledged_messages_are_stored()
        self.rows_are_true()
        self.nobody_hears_twice()
        self.unknown_is_only_what_nobody_can_know()
        self.only_what_went_wrong_has_failed()

    # --- how -------------------------------------------------------------------------------------------------
    def _settle(self) -> None:
        for _ in range(ROUNDS):
            if not Batch.objects.exclude(status__in=SETTLED).exists():
                break
            self.time_passes(61)
            self.a_sweep_begins(LIVES)
            while rows.tasks():
                self.a_worker_takes_a_task(0, False, LIVES)
        assert not Batch.objects.exclude(status__in=SETTLED).exists()

    def _begin(self, name: str, work: Callable[[], Any]) -> None:
        self.running[name] = Process(name, work)

    def _go(self, name: str, fate: Fate) -> None:
        what, stops = fate
        one = self.running[name]
        while not one.ended and not _is_there(one, what, stops):
            self._order(name, one.step)
            stops -= 1
        if not one.ended and what != "rests":
            self._order(name, one.kill_in_transaction if what == "dies inside" else one.kill)

    def _order(self, name: str, order: Callable[[], None]) -> None:
        """Let a process do something, and note what became of it."""
        while len(memory.next_results) < 3:
            memory.next_results.append(self._provider)
        one, before = self.running[name], self._sending()
        order()
        if one.ended:
            del self.running[name]
        if one.killed:
            self.interrupted |= before | self._sending()

    def _sending(self) -> set[int]:
        return set(Reply.objects.filter(status=ReplyStatus.SENDING).values_list("id", flat=True))

    def _provider(self) -> SendResult:
        """One call, as the provider sees it; whoever calls can be killed before the answer reaches it."""
        batch_id = Reply.objects.get(idempotency_key=memory.outbox[-1].reference).batch_id
        mood = self.moods.popleft() if self.moods else "accepted"
        self.calls.append((batch_id, "accepted" if mood == "accepted" else "killed"))
        place, caller = len(self.calls) - 1, Process.here()
        assert caller is not None
        caller.pause(IN_THE_CALL)
        self.calls[place] = (batch_id, mood)
        if mood == "broken off":
            raise ConnectionError(mood)
        return ANSWERS[mood]


def _is_there(one: Process, what: str, stops: int) -> bool:
    """Whether a process has come as far as its fate lets it."""
    if what == "dies in the call":
        return one.stop == IN_THE_CALL
    return what != "lives" and stops == 0
