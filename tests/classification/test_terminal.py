"""Tables on a command's standard output."""

from io import StringIO

from django.core.management.base import OutputWrapper
from rich.table import Table

from classification.terminal import cells, show


def test_what_strangers_wrote_is_no_markup_and_does_not_steer_the_terminal() -> None:
    out, table = StringIO(), Table("Sender", "Reply")
    table.add_row(*cells("+63917\x9b1234567", "[bold]Yes[/bold] \x1b[31m\u202e"))
    show(OutputWrapper(out), table)
    assert "+63917[U+009B]1234567" in out.getvalue()
    assert "[bold]Yes[/bold] [U+001B][31m[U+202E]" in out.getvalue()
