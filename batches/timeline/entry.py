"""One line of the story, and what it looks like."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from batches.choices import EventKind

Key = tuple[Any, ...]
Facts = tuple[tuple[str, Any], ...]

# Material Symbols' names, and unfold's names of colours ("": plain).
LOOKS: dict[str, tuple[str, str]] = {
    EventKind.OPENED: ("play_circle", ""),
    EventKind.MESSAGE_ADDED: ("sms", "info"),
    EventKind.FLAGGED: ("flag", "warning"),
    EventKind.COMMAND: ("record_voice_over", "warning"),
    EventKind.CLOSED: ("timer", ""),
    EventKind.CLAIMED: ("engineering", ""),
    EventKind.CLASSIFIED: ("psychology", "primary"),
    EventKind.REPLY_CREATED: ("edit_note", "primary"),
    EventKind.REPLY_SUPPRESSED: ("speaker_notes_off", ""),
    EventKind.REPLY_WITHDRAWN: ("undo", "warning"),
    EventKind.REPLY_SENDING: ("outgoing_mail", ""),
    EventKind.REPLY_SENT: ("mark_email_read", "success"),
    EventKind.REPLY_REFUSED: ("unsubscribe", "danger"),
    EventKind.REPLY_UNKNOWN: ("help", "warning"),
    EventKind.REPLY_POSTPONED: ("schedule_send", "warning"),
    EventKind.REPLY_REQUEUED: ("forward_to_inbox", "warning"),
    EventKind.COMPLETED: ("check_circle", ""),
    EventKind.FAILED: ("error", "danger"),
    EventKind.REQUEUED: ("replay", "warning"),
    EventKind.OUTCOME_CORRECTED: ("published_with_changes", "warning"),
    EventKind.CONFIRMED: ("thumb_up", "success"),
    EventKind.CORRECTED: ("rate_review", "warning"),
    EventKind.REOPENED: ("forward_to_inbox", "warning"),
    EventKind.CARRIED_OVER: ("move_group", "info"),
    EventKind.CHANGED_MIND: ("swap_horiz", "warning"),
    EventKind.TAKEN_OVER: ("person_raised_hand", "warning"),
    EventKind.GIVEN_BACK: ("smart_toy", ""),
    EventKind.WINDOW_CHANGED: ("width", "info"),
    EventKind.WINDOW_SHADOW: ("width", ""),
}
REFERENCES = ("classification", "reply_id", "attempt")


@dataclass(frozen=True)
class Entry:
    """One line of the story. `text` is what somebody wrote, `code` is JSON for those who want to know why.

    `other` is a batch that it is about, too.
    """

    key: Key
    at: datetime
    kind: str
    actor: str = ""
    text: str | None = None
    facts: Facts = ()
    code: str = ""
    link: str = ""
    other: int | None = None
    after: timedelta = timedelta()

    @property
    def title(self) -> str:
        return EventKind(self.kind).label

    @property
    def icon(self) -> str:
        return LOOKS[self.kind][0]

    @property
    def tone(self) -> str:
        return LOOKS[self.kind][1]


def key_of(kind: str, **references: Any) -> Key:
    """What an event and the row that it was written with have in common."""
    return (str(kind), *(references.get(name) for name in REFERENCES))


def telling(facts: Iterable[tuple[str, Any]]) -> Facts:
    """Those that say something."""
    return tuple((name, value) for name, value in facts if value not in ("", None))
