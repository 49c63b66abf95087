"""Tables on a command's standard output.

It lives in the lowest application so that all others can build on it.
"""

from django.core.management.base import OutputWrapper
from rich.console import Console, RenderableType

WIDTH = 140  # characters, where the output is no terminal


def show(stdout: OutputWrapper, what: RenderableType) -> None:
    """Print it as wide as the terminal is."""
    console = Console(width=None if stdout.isatty() else WIDTH)
    with console.capture() as capture:
        console.print(what)
    stdout.write(capture.get(), ending="")
