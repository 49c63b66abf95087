"""A node's processes die with their parent; one that is in the middle of a conversation finishes that first.

Cut off within the provider's call, a reply is one that nobody knows of. So the death of a sentinel or of the main
process costs no call that is over soon, and none is begun that may not be over in time. What takes longer is cut off
all the same, for a node is gone within 5 s.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from batches.prctl import PR_SET_PDEATHSIG, prctl

GRACE_SECONDS = 4.0
LOOK_SECONDS = 0.5
CALL_SECONDS = 2.0  # what a call to a provider is given at least

_parent = 0  # the process that has forked this one; 0 where nothing ties it
_cut_off_at = float("inf")  # of time.monotonic()


def tie_children_to_parents() -> None:
    """From here on the kernel kills each process that is forked when its parent dies, however that dies. Linux only."""
    forking = 0

    def remember() -> None:
        nonlocal forking
        forking = os.getpid()

    def tie() -> None:
        global _parent
        _parent = forking
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if _is_orphan():  # it died before we had asked
            os._exit(1)

    os.register_at_fork(before=remember, after_in_child=tie)


@contextmanager
def finishing() -> Iterator[None]:
    """What is done in here goes on when the parent has died, for GRACE_SECONDS at most; then the process ends."""
    if not _parent:
        yield
        return
    _watch()
    prctl(PR_SET_PDEATHSIG, 0)
    try:
        yield
    finally:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if _is_orphan():
            os._exit(1)


def before_a_call() -> None:
    """End here, with nothing sent, where the process would not be left CALL_SECONDS: whoever takes over will send."""
    if time.monotonic() > _cut_off_at - CALL_SECONDS:
        os._exit(1)


def _watch() -> None:
    """Keep the time by a thread: a signal's handler would wait for a call into C that does not come back."""
    if not any(thread.name == __name__ for thread in threading.enumerate()):
        threading.Thread(target=_end_after_parent, name=__name__, daemon=True).start()


def _end_after_parent() -> None:
    global _cut_off_at
    while not _is_orphan():
        time.sleep(LOOK_SECONDS)
    _cut_off_at = time.monotonic() + GRACE_SECONDS
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def _is_orphan() -> bool:
    return os.getppid() != _parent
