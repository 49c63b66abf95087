"""supervisord, whose programs start at once, miss no SIGTERM, and are sent one when it dies itself, however it dies.

The last is for Linux only.
"""

import os
import signal

from supervisor import supervisord  # type: ignore[import-untyped]

from batches.prctl import PR_SET_PDEATHSIG, prctl
from smsconsolidator import forks


class Supervisor(supervisord.Supervisor):  # type: ignore[misc]  # supervisor has no type hints
    """As it comes, it first waits a second for what its programs might write, and only then starts them."""

    def runforever(self) -> None:
        for group in sorted(self.process_groups.values()):
            group.transition()
        super().runforever()


def main() -> None:
    supervisord.Supervisor = Supervisor  # the class that its main() runs
    os.register_at_fork(after_in_child=_die_with_parent)
    forks.hear_sigterm()
    supervisord.main()


def _die_with_parent() -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
