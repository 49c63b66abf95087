"""Replies and their attempts, to look at. Nothing can be added, changed or deleted here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter

from classification.record_admin import DayRangeFilter, ReadOnly, RecordAdmin
from classification.revealing import reveal, revealed
from replies import costs
from replies.models import Reply, ReplyAttempt
from replies.policy import REASONS, rule_in_words
from replies.segments import in_words
from replies.template_rows import told

TO, BODY, ERROR = revealed("to", "To"), revealed("body", "Body"), revealed("error", "Error")
PROVIDER_ID = revealed("provider_message_id", "Provider's message id")
RESPONSE = revealed("response", "Response")


class ReasonFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By the rule that refused it. Asking the column for its distinct values would read every row."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [(name, rule_in_words(name)) for name in REASONS]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Reply]) -> QuerySet[Reply]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class ReplyAttemptInline(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = ReplyAttempt
    extra = 0
    fields = [
        "number",
        "started_at",
        "finished_at",
        "outcome",
        "http_status",
        PROVIDER_ID,
        ERROR,
        RESPONSE,
    ]
    readonly_fields = [PROVIDER_ID, ERROR, RESPONSE]


@admin.register(Reply)
class ReplyAdmin(RecordAdmin):
    list_display = [
        "id",
        "batch",
        "kind",
        TO,
        "status",
        "reason",
        "provider",
        "segments",
        "attempt_count",
        "created_at",
        "settled_at",
    ]
    list_filter = ["status", ReasonFilter, "kind", "provider", ("created_at", DayRangeFilter)]
    list_select_related = ["batch", "template_version"]
    search_fields = ["to", "provider_message_id"]
    search_help_text = "Number, or the provider's message id"
    readonly_fields = [TO, BODY, "length", "cost", "template", ERROR, PROVIDER_ID]
    fields = [
        "batch",
        "kind",
        TO,
        BODY,
        "length",
        "cost",
        "template",
        "made_gsm_safe",
        "provider",
        "status",
        "reason",
        ERROR,
        PROVIDER_ID,
        "attempt_count",
        "created_at",
        "sending_until",
        "settled_at",
    ]
    inlines = [ReplyAttemptInline]

    @admin.display(description="Segments")
    def length(self, reply: Reply) -> SafeString:
        return reveal(in_words(reply.segments, reply.body))

    @admin.display(description="Cost")
    def cost(self, reply: Reply) -> str:
        return costs.in_words(costs.billed(reply)) or "–"

    @admin.display(description="Template")
    def template(self, reply: Reply) -> SafeString | str:
        """The version that it was made of, with the way there."""
        version: Any = reply.template_version
        if version is None:
            return "–"
        address = reverse("admin:replies_template_simple_history", args=[version.id, version.history_id])
        return format_html('<a href="{}" class="text-primary-600">{}</a>', address, told(version))
