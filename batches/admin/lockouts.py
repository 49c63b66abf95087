"""Failed log-ins that count towards a lock; deleting them lets somebody in again at once."""

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from batches.templatetags.times import moment
from batches.templatetags.untrusted import reveal


def locked_out(request: HttpRequest, _answer: HttpResponse, _credentials: Any) -> HttpResponse:
    """The page for whoever is locked: HTTP 429, what happened, and what to do."""
    context = {
        **admin.site.each_context(request),
        "failure_limit": settings.AXES_FAILURE_LIMIT,
        "minutes": round(settings.AXES_COOLOFF_TIME.total_seconds() / 60),
    }
    return render(request, "admin/locked_out.html", context, status=429)


@admin.register(AccessAttempt)
class FailedLoginAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ["last", "name", "ip_address", "failures_since_start", "browser", "locked"]
    fields = readonly_fields = list_display
    search_fields = ["username", "ip_address"]
    search_help_text = "User name or address"

    class Media:
        css = {"all": ["batches/admin.css"]}

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("get_data", "post_data")

    @admin.display(description="Last (UTC)", ordering="attempt_time")
    def last(self, attempt: AccessAttempt) -> str:
        return moment(attempt.attempt_time)

    @admin.display(description="User name")
    def name(self, attempt: AccessAttempt) -> SafeString:
        return reveal(attempt.username or "–")

    @admin.display(description="Browser")
    def browser(self, attempt: AccessAttempt) -> SafeString:
        return reveal(attempt.user_agent or "–")

    @admin.display(description="Locked", boolean=True)
    def locked(self, attempt: AccessAttempt) -> bool:
        return bool(attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT)
