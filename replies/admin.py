"""Replies and their attempts, to look at. Nothing can be added, changed or deleted here."""

from typing import Any

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from replies.models import Reply, ReplyAttempt


class ReadOnly:
    """Viewing is left to Django's view permission."""

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False


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
class ReplyAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
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
    list_filter = ["status", "provider", "created_at"]
    list_select_related = ["batch"]
    search_fields = ["to", "provider_message_id"]
    search_help_text = "Number, or the provider's message id"
    date_hierarchy = "created_at"
    ordering = ["-id"]
    inlines = [ReplyAttemptInline]
