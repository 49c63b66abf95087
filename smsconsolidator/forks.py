"""Processes that are told to stop in the instant in which they are started hear it.

Until a child has handlers of its own, or is another program, it has its parent's: they note the signal for the parent,
and in the child it is gone. Whoever waits for it would wait until it is killed. So the signal is held back until the
usual handler, which ends the child, is in its place.
"""

import os
import signal

STOP = {signal.SIGTERM}


def hear_sigterm() -> None:
    """From now on, in what this process forks."""
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_be_stoppable)


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)


def _be_stoppable() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_through()
