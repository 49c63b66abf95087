"""Where a person's texts and number live: every field that can hold text has its treatment here.

A test walks the models of all applications and fails for a field that is not named. PLACES are what purging blanks and
erasing blanks and renames; KEPT says of every other field why it stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model

Rewrite = Callable[[Any], Any]


@dataclass(frozen=True)
class Place:
    """A table whose rows hang on a batch by the name of `batch` (empty: the batches themselves).

    `blank`: texts and what is put in their place; `rewrite`: JSON of which a part stays; `numbers`: what erasing
    replaces by a pseudonym; `ids`: what others have made, and may have made out of a number.
    """

    label: str
    batch: str
    blank: Mapping[str, Any] = field(default_factory=dict)
    rewrite: Mapping[str, Rewrite] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    @property
    def fields(self) -> set[str]:
        return {*self.blank, *self.rewrite, *self.numbers, *self.ids}


SAID = frozenset({"error", "explanation", "note", "reason"})  # of an event's data


def labels_alone(matters: list[dict[str, str]]) -> list[dict[str, str]]:
    """A verdict's matters without the person's words."""
    return [{**matter, "text": ""} for matter in matters]


def without_words(data: dict[str, Any]) -> dict[str, Any]:
    """An event's data without what a provider, an engine or an operator said, which may quote a text or a number."""
    return {name: "" if name in SAID else value for name, value in data.items()}


# Replies stand before their batch, as they are locked before it by everybody.
PLACES = (
    Place("replies.Reply", "batch", blank={"body": "", "error": ""}, numbers=("to",)),
    Place("replies.ReplyAttempt", "reply__batch", blank={"error": "", "response": ""}),
    Place("replies.Consent", "message__batch", blank={"words": ""}),
    Place(
        "batches.Message",
        "batch",
        blank={"text": "", "payload": ""},
        numbers=("sender", "sender_raw"),
        ids=("provider_message_id",),
    ),
    Place("batches.BatchEvent", "batch", rewrite={"data": without_words}),
    Place(
        "classification.Classification",
        "batch",
        blank={"question": "", "trace": {}},
        rewrite={"matters": labels_alone},
    ),
    # The key is a plain hash: whoever guesses a short text can prove the guess.
    Place(
        "classification.Correction",
        "classification__batch",
        blank={"text": "", "question": "", "text_key": ""},
    ),
    Place("batches.Batch", "", blank={"reason": ""}, numbers=("sender",)),
)

CODE = "a code, a name or a fingerprint of ours"
OURS = "what operators wrote for everybody"
STAFF = "about people who work here"
PROVIDERS = "the provider's own id of our reply"
ENGINES = "our own words about an engine's failure; a server's are never kept"
ERASING = "see erasing.py: renamed, blanked or deleted there"

KEPT: dict[str, dict[str, str]] = {
    "batches.Batch": {"label": CODE, "flags": CODE},
    "batches.BatchEvent": {"actor": STAFF},
    "batches.Channel": {
        **dict.fromkeys(("slug", "region", "language", "currency", "credentials", "time_zone"), CODE),
        **dict.fromkeys(("question", "name", "own_numbers"), OURS),
    },
    "batches.ChannelToken": {"label": STAFF, "prefix": CODE, "digest": CODE},
    "batches.Keyword": {"word": OURS, "folded": OURS, "language": CODE},
    "batches.Lease": {"name": CODE},
    "batches.Message": {"sent_at_raw": "a time"},
    "batches.RejectedDelivery": {
        "body": "blanked by purging and erasing; deleted after REJECTED_KEEP_DAYS",
        "errors": "the same",
        "content_type": CODE,
        "remote_address": "the gateway's",
    },
    "batches.ReportMail": {"to": STAFF, "error": "a mail server's words about staff's address"},
    "batches.SenderPreference": {"number": ERASING, "name": ERASING, "language": CODE, "notes": ERASING},
    "batches.ShippedKeyword": {"folded": CODE},
    "batches.Takeover": {"sender": ERASING, "note": ERASING, "actor": STAFF, "ended_by": STAFF},
    "batches.Tally": {"figures": "counts"},
    "classification.Activation": {"by": STAFF},
    "classification.Category": dict.fromkeys(("slug", "name", "meaning", "reply", "mention"), OURS),
    "classification.Circuit": dict.fromkeys(("engine", "base_url", "model", "account", "last_error"), CODE),
    "classification.Classification": {
        **dict.fromkeys(("label", "engine", "model", "other_engine", "other_label"), CODE),
        **dict.fromkeys(("error", "fallback_reason", "attempts"), ENGINES),
    },
    "classification.Correction": {"predicted": CODE, "corrected": CODE},
    "classification.LexiconEntry": {"language": CODE, "term": OURS, "becomes": OURS},
    "classification.Price": {"model": CODE},
    "classification.Rule": dict.fromkeys(
        ("name", "language", "patterns", "before", "should_match", "should_not_match", "note"), OURS
    ),
    "classification.RuleSet": dict.fromkeys(("document", "digest", "note", "scores", "override"), OURS),
    "classification.Usage": {"scope": ERASING, "what": CODE},
    "replies.Consent": {"number": ERASING, "actor": STAFF},
    "replies.HistoricalTemplate": {
        **dict.fromkeys(("text", "mention", "history_change_reason"), OURS),
        **dict.fromkeys(("category", "language"), CODE),
    },
    "replies.Mute": {"number": ERASING, "reason": CODE},
    "replies.Pace": {"provider": CODE},
    "replies.Reply": {"provider": CODE, "currency": CODE, "reason": CODE, "provider_message_id": PROVIDERS},
    "replies.Template": {"text": OURS, "mention": OURS, "category": CODE, "language": CODE},
    "replies.Switch": {"actor": STAFF, "reason": "why an operator stopped a channel"},
    "replies.ReplyAttempt": {"provider_message_id": PROVIDERS},
}
# Other applications' tables, as wholes.
KEPT_TABLES = {
    "admin.LogEntry": "who changed what; what it says of an erased number is blanked by erasing.py",
    "auth.Group": STAFF,
    "auth.Permission": CODE,
    "auth.User": STAFF,
    "axes.AccessAttempt": "failed log-ins, deleted when they no longer count",
    "axes.AccessAttemptExpiration": "empty: not used",
    "axes.AccessFailureLog": "empty: not used",
    "axes.AccessLog": "empty: not used",
    "contenttypes.ContentType": CODE,
    "django_q.Failure": "tasks that failed, deleted after TASKS_KEEP_DAYS",
    "django_q.OrmQ": "tasks with ids alone",
    "django_q.Schedule": CODE,
    "django_q.Success": "empty: not kept",
    "django_q.Task": "tasks that failed, deleted after TASKS_KEEP_DAYS",
    "knox.AuthToken": "programs' tokens, as hashes",
    "sessions.Session": "log-ins, deleted when they are over",
}
