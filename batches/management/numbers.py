"""Numbers as people type them for a command."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def between(kind: Callable[[str], Number], least: Number, most: Number) -> Callable[[str], Number]:
    """A reader of numbers for argparse that says which ones it takes. It raises ArgumentTypeError."""

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value <= most:
            raise ArgumentTypeError(f"must be from {least} to {most}, not {text}")
        return value

    return read
