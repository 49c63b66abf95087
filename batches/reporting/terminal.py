"""A report for a terminal: figures first, then bars."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from batches import billing_table
from batches.reporting import words
from batches.reporting.figures import Report
from classification.naming import name_of

WIDE = 34  # characters of the longest bar
EIGHTHS = " ▏▎▍▌▋▊▉"


def rendered(report: Report) -> Group:
    """The whole report."""
    parts: list[RenderableType] = [_head(report), _savings(report)]
    parts += [_bars(title, counts) for title, counts in words.groups(report)]
    parts.append(_bars("Messages in a conversation", words.sizes(report)))
    parts.append(
        _bars(f"Messages by hour ({report.zone})", words.hours(report), f"Busiest: {words.busiest(report)}")
    )
    parts += [_latencies(report), _troubles(report), _longest(report)]
    if report.windows:
        parts.append(_windows(report))
    if report.bill:
        parts.append(billing_table.table(report.bill))
    return Group(*(Padding(part, (0, 0, 1, 0), expand=False) for part in parts))


def bar(count: int, most: int, width: int = WIDE) -> str:
    """`count` as a bar, `most` being the longest; what there is at all can be seen."""
    eighths = round(8 * width * count / most) if most else 0
    if count and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def _head(report: Report) -> Table:
    title = f"smsconsolidator, {words.where(report)}\n{words.period(report)}"
    table = Table(title=title, show_header=False, title_justify="left", title_style="bold")
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for row in words.headline(report):
        table.add_row(*map(Text, row))
    return table


def _savings(report: Report) -> Table:
    table = _table("What consolidation saved", caption=words.savings_note(report))
    table.add_column()
    for name in ("With", "Without", "Fewer", "Cost", "Without", "Saved"):
        table.add_column(name, justify="right")
    for name, one in words.savings(report):
        costs = [words.money(amount, one.currency) for amount in (one.money, one.money_alone, one.saved)]
        table.add_row(name, f"{one.used:,}", f"{one.alone:,}", words.percent(one), *costs)
    return table


def _bars(title: str, counts: words.Counts, caption: str = "") -> Table:
    total, most = sum(count for _, count in counts), max((count for _, count in counts), default=0)
    table = _table(title, show_header=False, caption=caption or None)
    table.add_column(min_width=12)
    table.add_column(justify="right", min_width=5)
    table.add_column(justify="right", style="dim")
    table.add_column(style="cyan", min_width=WIDE, no_wrap=True)
    for name, count in counts:
        share = f"{count / total:.0%}" if total else ""
        table.add_row(Text(name), f"{count:,}", share, bar(count, most))
    return table


def _latencies(report: Report) -> Table:
    table = _table("How long it took")
    table.add_column()
    for name in ("Count", "Half within", "95 %", "99 %", "Longest"):
        table.add_column(name, justify="right")
    for name, spread in words.latencies(report):
        times = (spread.p50, spread.p95, spread.p99, spread.most)
        table.add_row(name, f"{spread.count:,}", *map(words.seconds, times))
    return table


def _troubles(report: Report) -> Table:
    table = _table("Troubles", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in words.troubles(report):
        table.add_row(name, Text(f"{count:,}", style="bold red" if count else "green"))
    return table


def _windows(report: Report) -> Table:
    table = _table("The adaptive window, had it been on", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, figure in words.windows(report):
        table.add_row(name, figure)
    return table


def _longest(report: Report) -> Table:
    table = _table("The longest conversations")
    for name in ("Batch", "From", "Messages", "Opened", "Meant", "Ended"):
        table.add_column(name, justify="right" if name in ("Batch", "Messages") else "left")
    for one in report.longest:
        facts = (str(one.batch), one.sender, f"{one.messages:,}", words.opened(one.opened_at, report))
        table.add_row(*map(Text, (*facts, name_of(one.label), words.ending(one.ending))))
    return table


def _table(title: str, *, caption: str | None = None, show_header: bool = True) -> Table:
    return Table(
        title=title,
        caption=caption,
        show_header=show_header,
        box=None,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
