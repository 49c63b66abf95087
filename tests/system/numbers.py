"""Numbers that nobody has written from."""

from itertools import count

_numbers = count(1)


def new_number() -> str:
    """A Philippine mobile number (E.164), another one each time."""
    return f"+63917{next(_numbers):07}"
