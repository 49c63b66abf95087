"""What regular expressions may cost: an operator's pattern must not keep a worker busy."""

from time import thread_time

import regex

EXPRESSION_SECONDS = 0.01  # for one expression on one text
CONVERSATION_SECONDS = 0.05  # for all expressions on one conversation


class Allowance:
    """The time that the expressions of one conversation may work, together and each, in seconds.

    This thread's work counts, not the clock: a text has the same verdict on a machine that stalls. The library's own
    limit, for one search, counts the work of the whole process.
    """

    def __init__(self) -> None:
        self._left = CONVERSATION_SECONDS

    def search(self, expression: regex.Pattern[str], text: str) -> regex.Match[str] | None:
        """What the expression finds first. Raises TimeoutError where it, or all before it, took too long."""
        limit = min(self._left, EXPRESSION_SECONDS)
        if limit <= 0:
            raise TimeoutError
        began = thread_time()
        try:
            return expression.search(text, timeout=limit)
        finally:
            self._left -= thread_time() - began
