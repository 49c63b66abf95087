"""Tables on a command's standard output.

It lives in the lowest application so that all others can build on it.
"""

from django.core.management.base import OutputWrapper
from rich.console import Console, RenderableType
from rich.text import Text

from classification.revealing import spelled

WIDTH = 140  # characters, where the output is no terminal


def cells(*texts: str) -> list[Text]:
    """What somebody wrote, for a table's row: it is no markup, and does not steer the terminal."""
    return [Text(spelled(text)) for text in texts]


def show(stdout: OutputWrapper, what: RenderableType) -> None:
    """Print it as wide as the terminal is."""
    console = Console(width=None if stdout.isatty() else WIDTH)
    with console.capture() as capture:
        console.print(what)
    stdout.write(capture.get(), ending="")
