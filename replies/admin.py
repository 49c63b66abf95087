"""Replies and their attempts, to look at. Nothing can be added, changed or deleted here."""

from django.contrib import admin
from unfold.admin import TabularInline

from classification.record_admin import DayRangeFilter, ReadOnly, RecordAdmin
from replies.models import Reply, ReplyAttempt


class ReplyAttemptInline(ReadOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = ReplyAttempt
    extra = 0
    fields = [
        "number",
        "started_at",
        "finished_at",
        "outcome",
        "http_status",
        "provider_message_id",
        "error",
        "response",
    ]


@admin.register(Reply)
class ReplyAdmin(RecordAdmin):
    list_display = [
        "id",
        "batch",
        "to",
        "status",
        "reason",
        "provider",
        "attempt_count",
        "created_at",
        "settled_at",
    ]
    list_filter = ["status", "provider", ("created_at", DayRangeFilter)]
    list_select_related = ["batch"]
    search_fields = ["to", "provider_message_id"]
    search_help_text = "Number, or the provider's message id"
    inlines = [ReplyAttemptInline]
