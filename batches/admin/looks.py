"""How things look in lists and heads: the colours of words (unfold's names), and what several lists say alike."""

from typing import Any

from django.contrib import admin

from batches.choices import BatchStatus, Outcome

STATUS: dict[str, str] = {
    BatchStatus.OPEN: "info",
    BatchStatus.CLOSED: "primary",
    BatchStatus.PROCESSING: "primary",
    BatchStatus.COMPLETED: "success",
    BatchStatus.FAILED: "danger",
}
OUTCOME: dict[str, str] = {
    Outcome.REPLIED: "success",
    Outcome.DISABLED: "",
    Outcome.SUPPRESSED: "",
    Outcome.SUPERSEDED: "info",
    Outcome.REFUSED: "danger",
    Outcome.UNKNOWN: "warning",
    Outcome.HELD: "warning",
    Outcome.UNDECIDED: "danger",
    Outcome.ERROR: "danger",
}


@admin.display(description="Channel", ordering="channel")
def covers(row: Any) -> str:
    """A column: the row's channel, or every one where it names none."""
    return str(row.channel or "Every channel")
