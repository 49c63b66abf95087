"""supervisord, whose programs start at once, miss no SIGTERM, and are sent one when it dies itself, however it dies.

A program that is told to stop in the instant in which it is started would not hear it: between fork and exec it still
has supervisord's own handler, which notes the signal and is then gone. supervisord would wait for the whole of the
program's stopwaitsecs, and let the others go on meanwhile. So the signal is held back until the handler is the usual
one again. That it comes when supervisord dies is for Linux only.
"""

import ctypes
import os
import signal
import sys

from supervisor import supervisord  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1  # prctl(2); it outlives the exec that follows
STOP = {signal.SIGTERM}


class Supervisor(supervisord.Supervisor):  # type: ignore[misc]  # supervisor has no type hints
    """As it comes, it first waits a second for what its programs might write, and only then starts them."""

    def runforever(self) -> None:
        for group in sorted(self.process_groups.values()):
            group.transition()
        super().runforever()


def main() -> None:
    supervisord.Supervisor = Supervisor  # the class that its main() runs
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_be_stoppable)
    supervisord.main()


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)


def _be_stoppable() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    _let_through()


if __name__ == "__main__":
    main()
