"""A report's parts in people's words: what the terminal, the page and the sheet all show, each in its own form."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from batches.choices import BatchStatus, Outcome
from batches.reporting.figures import HOURS, LATENCIES, Report, Saving, Spread
from batches.templatetags.times import span
from classification.naming import name_of
from replies.models import ReplyKind, ReplyStatus
from replies.policy import rule_in_words

Counts = list[tuple[str, int]]

ENGINES = {"openai": "Model", "rules": "Rules", "memory": "Memory", "nobody": "Nobody could"}
TROUBLES = {
    "conversations_failed": "Conversations that failed",
    "replies_refused": "Replies that the provider refused",
    "replies_unknown": "Replies that may or may not have left",
    "deliveries_rejected": "Deliveries that the webhook rejected",
}
ENDINGS = dict(BatchStatus.choices) | {key: word for key, word in Outcome.choices if key}
# Conversations of so many messages and more are told together.
MANY = 10


def period(report: Report) -> str:
    """From when to when, in the report's time zone."""
    zone = ZoneInfo(report.zone)
    begin, end = (_minute(at.astimezone(zone)) for at in (report.since, report.until))
    return f"{begin} to {end} ({report.zone})"


def file_name(report: Report, kind: str) -> str:
    """Of a report as a file: by the day on which it ends in its time zone."""
    return f"report-{report.until.astimezone(ZoneInfo(report.zone)):%Y-%m-%d}.{kind}"


def where(report: Report) -> str:
    return f"channel {report.channel}" if report.channel else "all channels"


def headline(report: Report) -> list[tuple[str, str, str]]:
    """The few figures that matter most: what, how much, and what is to be known about it."""
    troubles = sum(report.troubles.values())
    return [
        ("Messages", f"{report.messages:,}", f"rejected deliveries: {report.rejected:,}"),
        ("Conversations", f"{report.batches:,}", f"{report.settled:,} processed"),
        ("Messages in a conversation", f"{report.messages_per_batch:.2f}", f"longest {_longest(report):,}"),
        ("Replies sent", f"{report.replied:,}", f"{report.sms.used:,} SMS credits"),
        ("Model calls saved", percent(report.calls), _compared(report.calls)),
        ("SMS credits saved", percent(report.sms), _compared(report.sms)),
        ("Troubles", f"{troubles:,}", "none" if not troubles else "see below"),
    ]


def sizes(report: Report) -> Counts:
    """Conversations by their number of messages, without gaps."""
    small = [(str(size), report.sizes[size]) for size in range(1, min(_longest(report), MANY - 1) + 1)]
    many = sum(count for size, count in report.sizes.items() if size >= MANY)
    return [*small, (f"{MANY}+", many)] if many else small


def hours(report: Report) -> Counts:
    """Messages by the hour of the day in which their conversation began."""
    return [(f"{hour:02}", report.hours[hour]) for hour in HOURS]


def busiest(report: Report) -> str:
    told = ", ".join(f"{hour:02}:00 ({report.hours[hour]:,})" for hour in report.busiest)
    return told or "no messages"


def groups(report: Report) -> list[tuple[str, Counts]]:
    """Everything that is counted by kind; only what there is."""
    replies = [
        (f"Replies: {ReplyKind(kind).label.lower()}", _named(counts, dict(ReplyStatus.choices)))
        for kind, counts in sorted(report.replies.items())
    ]
    found = [
        ("Who decided", _named(report.verdicts, ENGINES)),
        ("What people meant", _ranked((name_of(label), n) for label, n in report.labels.items())),
        ("How conversations ended", _named(report.outcomes, ENDINGS)),
        *replies,
        ("Why nothing was sent", _ranked((rule_in_words(name), n) for name, n in report.suppressed.items())),
        ("Errors of engines", _ranked(report.errors.items())),
    ]
    return [(title, counts) for title, counts in found if counts]


def savings(report: Report) -> list[tuple[str, Saving]]:
    """What, and with and without consolidation; SMS by currency, where they were paid in several."""
    sms = report.sms_by_currency or [report.sms]
    names = (
        ["SMS credits"] if len(sms) == 1 else [f"SMS credits, {one.currency or 'no price'}" for one in sms]
    )
    return [("Model calls", report.calls), *zip(names, sms, strict=True)]


def savings_note(report: Report) -> str:
    """What is to be known about them."""
    told = "Without: every message classified and answered by itself."
    if report.unpriced:
        told += f" {report.unpriced:,} calls had no known price."
    if report.priced_today:
        told += f" Replies that kept no price, counted at today's SMS_SEGMENT_PRICE: {report.priced_today:,}."
    return told


def troubles(report: Report) -> Counts:
    return [(TROUBLES[name], count) for name, count in report.troubles.items()]


def windows(report: Report) -> list[tuple[str, str]]:
    """What the adaptive window would have done; nothing where it is off."""
    if not (found := report.windows):
        return []
    share = f" ({found.ended_early / found.batches:.0%})" if found.batches else ""
    return [
        ("Conversations that were looked at", f"{found.batches:,}"),
        ("Would have ended early", f"{found.ended_early:,}{share}"),
        ("… and been answered sooner by (median)", f"{found.saved_median:g} s"),
        ("… but a text came after that: as many further replies", f"{found.cut_short:,}"),
        ("Would have waited for the rest of a long SMS", f"{found.extended:,}"),
        ("… which came: as many replies and verdicts saved", f"{found.joined:,}"),
        ("Windows that were really moved", f"{found.moved:,}"),
    ]


def latencies(report: Report) -> list[tuple[str, Spread]]:
    return [(LATENCIES[name], spread) for name, spread in report.latencies.items() if spread]


def seconds(value: float) -> str:
    return span(timedelta(seconds=value))


def percent(saving: Saving) -> str:
    return f"{saving.share:.0%}" if saving.alone else "–"


def money(amount: Decimal | None, currency: str) -> str:
    """Two places, or four where it is less than one."""
    if amount is None:
        return "no price known"
    return f"{amount:,.{2 if abs(amount) >= 1 or not amount else 4}f} {currency}"


def ending(word: str) -> str:
    return ENDINGS.get(word, word)


def opened(at: datetime, report: Report) -> str:
    return _minute(at.astimezone(ZoneInfo(report.zone)))


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _longest(report: Report) -> int:
    return max(report.sizes, default=0)


def _compared(saving: Saving) -> str:
    return f"{saving.used:,} instead of {saving.alone:,}"


def _named(counts: Mapping[str, int], names: Mapping[str, str]) -> Counts:
    return _ranked((names.get(key, key), count) for key, count in counts.items())


def _ranked(counts: Iterable[tuple[str, int]]) -> Counts:
    """The most frequent first."""
    return sorted(((name, count) for name, count in counts if count), key=lambda pair: (-pair[1], pair[0]))
