"""A bill for people."""

from typing import Any

from rich.table import Table

from batches.bill import WORDS, Bill

FROM = {
    "recorded": "Tokens: the average of the recorded calls.",
    "estimate": "Tokens: estimated, four characters each, for instructions and texts.",
}


def table(bill: Bill) -> Table:
    """The four lines, a row each."""
    told = bill.as_dict()
    title = f"{bill.messages} messages in {bill.conversations} conversations, {told['model']}"
    found = Table(title=title, caption=FROM[bill.tokens_from])
    found.add_column("")
    for name in ("Calls", "Fewer", "Tokens in", "Tokens out", "Cost", "Cost of 1,000 messages"):
        found.add_column(name, justify="right")
    for line in told["lines"]:
        found.add_row(WORDS[line["name"]], *_cells(line))
    return found


def _cells(line: dict[str, Any]) -> list[str]:
    return [
        f"{line['calls']:,}",
        f"{line['fewer']:.0%}",
        f"{line['input_tokens']:,}",
        f"{line['output_tokens']:,}",
        _dollars(line["cost"]),
        _dollars(line["cost_per_1000_messages"]),
    ]


def _dollars(cost: float | None) -> str:
    return "no price known" if cost is None else f"${cost:,.4f}"
