"""What a process asks of the Linux kernel for itself (prctl(2)); elsewhere nothing is asked."""

import ctypes
import sys

PR_SET_PDEATHSIG = 1  # the signal that comes when the parent dies, however it dies; it outlives an exec
PR_SET_CHILD_SUBREAPER = 36  # children whose own parent has died become this process's

_libc = ctypes.CDLL(None)  # here: after a fork nothing is to be loaded


def prctl(option: int, value: int) -> None:
    """Set one option of this process. What the kernel refuses stays as it was."""
    if sys.platform == "linux":
        _libc.prctl(option, value, 0, 0, 0)
