"""The page "Report": the same report as `manage.py consolidation_report` makes, and its files to download."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from batches.models import Channel, ReportMail
from batches.replica import ReplicaAway
from batches.reporting import page, sheet, words
from batches.reporting.figures import Report
from batches.reporting.gathering import Period, gather

NAME = "batches_batch_report"
DAYS = {"1": "the last 24 hours", "7": "the last 7 days", "31": "the last 31 days"}
MAILS = 10  # shown
# Format: its type, and what makes it.
FILES: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("text/html", page.document),
    "csv": ("text/csv", sheet.rendered),
    "json": ("application/json", lambda report: json.dumps(report.as_dict(), indent=2)),
}


class PeriodForm(forms.Form):
    """What the report is about. Longer periods are the command's."""

    days = forms.ChoiceField(choices=DAYS.items(), label="Period", widget=UnfoldAdminSelectWidget)
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("slug"),
        required=False,
        empty_label="Every channel",
        widget=UnfoldAdminSelectWidget,
    )


class ReportPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page beside the list of batches, for whoever may see those."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [path("report/", self.admin_site.admin_view(self.report_view), name=NAME), *urls]

    def report_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PeriodForm({"days": "1"} | request.GET.dict())
        try:
            report = gather(_period(form))
        except ReplicaAway as problem:
            messages.error(request, str(problem))
            return redirect("admin:batches_batch_changelist")
        if request.GET.get("format") in FILES:
            return _file(request.GET["format"], report)
        context = {
            **self.admin_site.each_context(request),
            "title": "Report",  # no "opts": the header would read "Batches"
            "media": self.media,
            "form": form,
            "files": [(name, _address(request, name)) for name in FILES],
            "mails": ReportMail.objects.order_by("-id")[:MAILS],
            **page.context(report),
        }
        return TemplateResponse(request, "admin/batches/report.html", context)


def _period(form: PeriodForm) -> Period:
    """As asked for; what cannot be read is the last day on every channel."""
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    until = timezone.now()
    return Period(until - timedelta(days=int(asked.get("days", 1))), until, asked.get("channel"))


def _address(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    query["format"] = name
    return f"?{query.urlencode()}"


def _file(name: str, report: Report) -> HttpResponse:
    kind, made = FILES[name]
    return HttpResponse(
        made(report),
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{words.file_name(report, name)}"'},
    )
