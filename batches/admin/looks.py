"""The colours of the words in lists and heads (unfold's names)."""

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
