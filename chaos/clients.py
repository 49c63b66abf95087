"""The phone gateways: they post bursts, try again until they are acknowledged, and repeat themselves."""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random

import requests

from bench.traffic import PATH, TEXTS, TOKEN, Message, Post, body, number

THREADS = 12
BURST_SECONDS = 3.0  # in which one sender writes
BURST_MOST = 5  # messages
IN_A_LIST = 0.25  # of the bursts are posted as one list
REPEATED_IN_LIST = 0.3  # of the lists hold a message twice
AT_THE_SAME_TIME = 0.05  # of the posts are posted by two clients at once
AGAIN_LATER = 0.15  # of the acknowledged posts are posted again
LATEST_REPEAT = 8.0  # seconds after the acknowledgement
RETRY_AFTER = (1.0, 4.0)  # seconds, as gateways wait
ANSWER_TIMEOUT = 10  # seconds


@dataclass(order=True)
class Due:
    """A post that is to be made at a time of the monotonic clock."""

    at: float
    order: int
    post: Post = field(compare=False)
    is_repeat: bool = field(compare=False, default=False)


@dataclass
class Told:
    """What the clients saw. `answers` counts by status, 0 standing for no answer."""

    sent: dict[str, Message] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    repeats: int = 0
    slowest: float = 0.0
    refused: list[str] = field(default_factory=list)


class Clients:
    """Threads that post `bursts` bursts, each from a sender of its own, spread over `seconds`."""

    def __init__(self, ports: Sequence[int], bursts: int, seconds: float, random: Random) -> None:
        self.told = Told()
        self._ports = ports
        self._random = random
        self._order = count()
        self._wake = threading.Condition()
        self._under_way = 0
        self._stopped = False
        self._plan = [(at, post) for index in range(bursts) for at, post in self._burst(index, seconds)]
        self._due: list[Due] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]
        self.messages = len({message.guid for _, post in self._plan for message in post})

    def start(self) -> None:
        """Begin to post now."""
        now = time.monotonic()
        self._due = [Due(now + at, next(self._order), post) for at, post in self._plan]
        heapq.heapify(self._due)
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float) -> bool:
        """Wait until everything is acknowledged, `seconds` at most; says whether it is. Then nothing is posted."""
        deadline = time.monotonic() + seconds
        with self._wake:
            while (self._due or self._under_way) and (left := deadline - time.monotonic()) > 0:
                self._wake.wait(min(left, 0.2))
            done = not self._due and not self._under_way
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(ANSWER_TIMEOUT + 1)
        return done

    # --- what is posted --------------------------------------------------------------------------------------
    def _burst(self, index: int, seconds: float) -> Iterator[tuple[float, Post]]:
        random = self._random
        begin = random.uniform(0, max(0.0, seconds - BURST_SECONDS))
        messages = [
            Message(f"chaos-{index}-{piece}", number(index), f"{random.choice(TEXTS)} ({index}/{piece})")
            for piece in range(random.randint(1, BURST_MOST))
        ]
        if random.random() < IN_A_LIST:
            repeated = messages[:1] if random.random() < REPEATED_IN_LIST else []
            yield begin, tuple(messages + repeated)
            return
        for message in messages:
            at = begin + random.uniform(0, BURST_SECONDS)
            yield at, (message,)
            if random.random() < AT_THE_SAME_TIME:
                yield at, (message,)

    # --- how it is posted ------------------------------------------------------------------------------------
    def _work(self) -> None:
        with requests.Session() as session:
            session.headers["X-Webhook-Token"] = TOKEN
            while due := self._take():
                status, seconds = self._post(session, due.post)
                with self._wake:
                    self._note(due, status, seconds)
                    self._under_way -= 1
                    self._wake.notify_all()

    def _take(self) -> Due | None:
        with self._wake:
            while not self._stopped:
                wait = self._due[0].at - time.monotonic() if self._due else 1.0
                if wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._due)
                self._wake.wait(wait)
        return None

    def _post(self, session: requests.Session, post: Post) -> tuple[int, float]:
        """Status (0: no answer) and time (s) of one post to one of the nodes."""
        port = self._random.choice(self._ports)
        begin = time.monotonic()
        try:
            answer = session.post(f"http://127.0.0.1:{port}{PATH}", json=body(post), timeout=ANSWER_TIMEOUT)
        except requests.RequestException:
            return 0, time.monotonic() - begin
        if answer.ok and answer.json().get("rejected"):
            return 400, time.monotonic() - begin
        return answer.status_code, time.monotonic() - begin

    def _note(self, due: Due, status: int, seconds: float) -> None:
        """Enter an answer in the books; what was not acknowledged is posted again, as gateways do."""
        told, random = self.told, self._random
        told.sent |= {message.guid: message for message in due.post}
        told.answers[status] += 1
        told.slowest = max(told.slowest, seconds)
        told.repeats += due.is_repeat
        if 200 <= status < 300:
            told.acknowledged |= {message.guid for message in due.post}
            if not due.is_repeat and random.random() < AGAIN_LATER:
                self._put(due.post, random.uniform(0, LATEST_REPEAT), is_repeat=True)
        elif 400 <= status < 500 and status != 429:
            told.refused.append(f"{due.post[0].guid} was answered {status}")
        else:
            self._put(due.post, random.uniform(*RETRY_AFTER), is_repeat=due.is_repeat)

    def _put(self, post: Post, wait: float, *, is_repeat: bool) -> None:
        heapq.heappush(self._due, Due(time.monotonic() + wait, next(self._order), post, is_repeat))
