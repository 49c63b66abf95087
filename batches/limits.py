"""More than people write: such messages are stored and answered like all others, and their batch is flagged.

What one sender wrote into its batch is counted by the database, for all processes together. Rates are counted in
memory, by each web process for the share that it receives: a setting for the whole is divided by WEB_PROCESSES.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from threading import Lock

from cachetools import TTLCache
from django.db import Error

from batches import flagging
from batches.choices import Flag
from batches.ingest_sql import Joined
from batches.models import Channel

log = logging.getLogger(__name__)

MINUTE = 60  # seconds
MAX_KEYS = 10_000  # in one generation of senders that are counted; flags that are remembered


class _Minute:
    """How many came in the current second and the 59 before it."""

    __slots__ = ("seconds", "total")

    def __init__(self) -> None:
        self.seconds: deque[list[int]] = deque()  # [second, number], the oldest first
        self.total = 0

    def add(self, second: int, number: int) -> int:
        while self.seconds and self.seconds[0][0] <= second - MINUTE:
            self.total -= self.seconds.popleft()[1]
        if not self.seconds or self.seconds[-1][0] != second:
            self.seconds.append([second, 0])
        self.seconds[-1][1] += number
        self.total += number
        return self.total


class Rates:
    """How many came for each key within the last minute. `clock` gives seconds.

    Keys live in two generations. Each minute, or when it is full, the younger becomes the elder, and what was left in
    the elder is forgotten: unless there are too many keys, those have not come for a minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._young: dict[Hashable, _Minute] = {}
        self._elder: dict[Hashable, _Minute] = {}
        self._born = int(clock())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._young or key in self._elder

    def add(self, key: Hashable, number: int) -> int:
        """Count `number` more for `key`; gives its rate, messages a minute."""
        with self._lock:
            second = int(self._clock())
            if second - self._born >= MINUTE or len(self._young) >= MAX_KEYS:
                self._elder, self._young, self._born = self._young, {}, second
            if key not in self._young:
                self._young[key] = self._elder.pop(key) if key in self._elder else _Minute()
            return self._young[key].add(second, number)


_channels, _senders = Rates(), Rates()
_flagged: TTLCache[tuple[int, str], bool] = TTLCache(MAX_KEYS, ttl=3600)  # the longest window, in seconds
_flagged_lock = Lock()


def watch(channel: Channel, joined: Mapping[str, Joined], actor: str) -> None:
    """Count what was just stored, by sender, and flag the batches that are above a limit: each once.

    No statement is run below the limits. The messages are stored, so nothing is raised when the flag cannot be.
    """
    over: dict[Flag, list[int]] = defaultdict(list)
    for flag, batch_id in _over(channel, joined):
        over[flag].append(batch_id)
    for flag, batch_ids in over.items():
        try:
            _flag(channel, flag, batch_ids, actor)
        except Error:
            log.exception("Batches above a limit could not be flagged")


def _over(channel: Channel, joined: Mapping[str, Joined]) -> Iterator[tuple[Flag, int]]:
    if _channels.add(channel.id, sum(one.added for one in joined.values())) > channel.message_limit:
        yield from ((Flag.CHANNEL_RATE, one.batch_id) for one in joined.values())
    for sender, one in joined.items():
        in_window = channel.sender_limit * max(1.0, one.window / MINUTE)
        if one.count > in_window or _rate(channel, sender, one) > channel.sender_limit:
            yield Flag.SENDER_RATE, one.batch_id


def _rate(channel: Channel, sender: str, one: Joined) -> int:
    """The sender's messages a minute; 0 of those who are far from a limit, of whom nothing is remembered.

    A sender is remembered once its batch holds half of what is allowed in that time, so a rate that is kept up is
    seen at one and a half times the limit at the latest, wherever batches begin and end.
    """
    key = (channel.id, sender)
    if key in _senders:
        return _senders.add(key, one.added)
    if one.count * 2 <= channel.sender_limit * min(1.0, one.window / MINUTE):
        return 0
    return _senders.add(key, one.count if one.window <= MINUTE else one.added)


def _flag(channel: Channel, flag: Flag, batch_ids: Iterable[int], actor: str) -> None:
    with _flagged_lock:
        new = [batch_id for batch_id in batch_ids if (batch_id, flag) not in _flagged]
    limit = channel.sender_limit if flag == Flag.SENDER_RATE else channel.message_limit
    data = {"flag": flag.label, "limit_per_minute": limit}
    for batch_id in flagging.flag(new, flag, actor, data) if new else ():
        log.warning(
            "BATCH FLAGGED | Batch: %(batch)s | %(flag)s | Limit: %(limit)s messages a minute",
            {"batch": batch_id, "flag": flag.label, "limit": limit},
        )
    with _flagged_lock:
        _flagged.update(dict.fromkeys(((batch_id, flag) for batch_id in new), True))
