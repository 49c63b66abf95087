"""Verdicts, to look at: nothing can be added, changed or deleted."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from classification import explaining, naming
from classification.models import Classification
from classification.record_admin import DayRangeFilter, LabelFilter, RecordAdmin
from classification.revealing import reveal, revealed

MODEL, ERROR = revealed("model", "Model"), revealed("error", "Error")
FALLBACK, QUESTION = revealed("fallback_reason", "Fallback reason"), revealed("question", "Question")


@admin.register(Classification)
class ClassificationAdmin(RecordAdmin):
    list_display = ["id", "batch", "verdict", "engine", MODEL, "confidence", "latency_ms", "created_at"]
    list_filter = [
        "engine",
        LabelFilter,
        ("review", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    ]
    list_select_related = ["batch", "ruleset"]
    search_fields = ["batch__sender"]
    search_help_text = "The sender's number"
    fields = [
        "batch",
        "created_at",
        QUESTION,
        "label_name",
        "review",
        "confidence",
        "all_matters",
        "ruleset",
        "engine",
        MODEL,
        "another",
        "latency_ms",
        ("input_tokens", "output_tokens"),
        "price",
        FALLBACK,
        ERROR,
        "why",
        "tried",
    ]
    readonly_fields = [
        "label_name",
        "all_matters",
        "another",
        "price",
        "why",
        "tried",
        QUESTION,
        MODEL,
        ERROR,
        FALLBACK,
    ]

    @display(description="Label", label=naming.TONES)  # type: ignore[untyped-decorator]
    def verdict(self, row: Classification) -> tuple[str, str]:
        return naming.shown(row.label)

    @admin.display(description="Label")
    def label_name(self, row: Classification) -> str:
        return naming.name_of(row.label)

    @admin.display(description="Matters")
    def all_matters(self, row: Classification) -> str:
        """What the conversation is about, the answered matter first."""
        return _lines(naming.told(row.matters)) or "–"

    @admin.display(description="Other engine")
    def another(self, row: Classification) -> str:
        return f"{row.other_engine}: {naming.name_of(row.other_label)}" if row.other_label else "–"

    @admin.display(description="Cost")
    def price(self, row: Classification) -> str:
        return explaining.cost(row) or "–"

    @admin.display(description="Why")
    def why(self, row: Classification) -> str:
        return reasons(row)

    @admin.display(description="Engines tried")
    def tried(self, row: Classification) -> str:
        return _lines(_attempt(attempt) for attempt in row.attempts) or "–"


def reasons(row: Classification) -> SafeString | str:
    """Why it is so, one reason a line."""
    return _lines(explaining.reasons(row)) or "–"


def _attempt(attempt: dict[str, Any]) -> str:
    outcome = attempt["code"] and ": ".join(filter(None, [attempt["code"], attempt["message"]]))
    return (
        f"{attempt['engine']} {attempt['model']} ({attempt['latency_ms']} ms): {outcome or attempt['label']}"
    )


def _lines(texts: Any) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((reveal(text),) for text in texts))
