"""What waits on this node's disk for the database, and what could not be stored even then."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from pydantic import ValidationError
from unfold.admin import ModelAdmin

from batches import drain
from batches.detour import detour
from batches.inbound.base import InboundSms
from batches.spool import Entry, SpoolUnavailable, here

NAME = "batches_message_spool"
SHOWN = 50  # of each kind


class SpoolPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page beside the list of messages, for whoever may see those. Only a POST acts."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [path("spool/", self.admin_site.admin_view(self.spool_view), name=NAME), *urls]

    def spool_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._try_again(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Spool of this node",  # no "opts": the header would read "Messages"
            "media": self.media,
            "may_try_again": _may_try_again(request),
            **_content(),
        }
        return TemplateResponse(request, "admin/batches/spool.html", context)

    def _try_again(self, request: HttpRequest) -> HttpResponse:
        """Whoever may push batches may push these."""
        if not _may_try_again(request):
            raise PermissionDenied
        try:
            count = here().try_again()
            detour.woken.set()
            drain.start()
            messages.success(request, f"{count} set aside before: tried again now")
        except SpoolUnavailable as problem:
            messages.error(request, f"The spool cannot be used: {problem}")
        return HttpResponseRedirect(reverse(f"admin:{NAME}"))


def _may_try_again(request: HttpRequest) -> bool:
    return request.user.has_perm("batches.reprocess_batch")


def _content() -> dict[str, Any]:
    try:
        spool = here()
        return {
            "state": spool.state(),
            "waiting": [(entry, _read(entry)) for entry in spool.first(SHOWN)],
            "failed": [(entry, _read(entry)) for entry in spool.failed(SHOWN)],
        }
    except SpoolUnavailable as problem:
        return {"problem": str(problem)}


def _read(entry: Entry) -> InboundSms | None:
    try:
        return entry.message()
    except ValidationError:
        return None
