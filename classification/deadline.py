"""An end to a call, whatever it hangs on. It lives in the lowest application so that all others can build on it."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def call_with_deadline(seconds: float, function: Callable[[], T]) -> T:
    """What `function()` returns or raises.

    Raises TimeoutError when it takes longer than `seconds`. A socket's time-out bounds one read and no name
    look-up, so a server that answers byte by byte could hold the caller for hours. The function itself cannot
    be stopped: it ends in its own (daemon) thread, and nobody sees its result.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 (the caller gets it)
            future.set_exception(error)

    # In the caller's context: what is being traced goes on in the thread.
    Thread(target=copy_context().run, args=(run,), name="call-with-deadline", daemon=True).start()
    return future.result(timeout=seconds)
