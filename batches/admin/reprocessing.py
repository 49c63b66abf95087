"""What an operator may do about stuck batches: look at what would happen, confirm, read what happened."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action

from batches.admin.acting import actor, batch_of
from batches.models import Batch
from batches.reprocess import CLOSED, REQUEUED, RESENT, SKIPPED, Result, needs, reprocess
from batches.templatetags.untrusted import reveal

PROCESS, SEND = "Process again", "Send again although unknown"
PLANNED = {
    CLOSED: "Close and queue",
    REQUEUED: "Queue again",
    RESENT: "Send the reply again",
    SKIPPED: "Nothing",
}
DONE = {
    CLOSED: "closed and queued",
    REQUEUED: "queued again",
    RESENT: "reply queued again",
    SKIPPED: "left alone",
}
CONFIRMED = "confirmed"
# unfold and Django ask has_…_permission()
MAY_REPROCESS, MAY_RESEND = ["reprocess"], ["resend"]


class ReprocessActions(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Two actions on the list of batches and, where the state allows, on a batch's page. Only a POST acts."""

    actions_detail = ["process_this_again", "send_this_again"]

    def has_reprocess_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("batches.reprocess_batch")

    def has_resend_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("batches.resend_batch")

    @action(description=PROCESS, permissions=MAY_REPROCESS)  # type: ignore[untyped-decorator]
    def process_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._reprocess(request, _ids(queryset), resend_unknown=False)

    @action(description=SEND, permissions=MAY_RESEND)  # type: ignore[untyped-decorator]
    def send_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._reprocess(request, _ids(queryset), resend_unknown=True)

    @action(description=PROCESS, permissions=MAY_REPROCESS, icon="replay")  # type: ignore[untyped-decorator]
    def process_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._reprocess(request, [batch_of(self, request, object_id).pk], resend_unknown=False)

    @action(description=SEND, permissions=MAY_RESEND, icon="forward_to_inbox")  # type: ignore[untyped-decorator]
    def send_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._reprocess(request, [batch_of(self, request, object_id).pk], resend_unknown=True)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Of the two buttons here the one that the batch's state allows, if any."""
        batch = self.get_object(request, object_id)
        hidden = set(ReprocessActions.actions_detail) - {_offered(batch) if batch else ""}
        permitted = super().get_actions_detail(request, object_id)
        return [button for button in permitted if button.method.original_function_name not in hidden]

    def _reprocess(self, request: HttpRequest, ids: Sequence[int], *, resend_unknown: bool) -> HttpResponse:
        confirmed = request.method == "POST" and CONFIRMED in request.POST
        results = reprocess(ids, actor=actor(request), resend_unknown=resend_unknown, dry_run=not confirmed)
        if not confirmed:
            return self._plan(request, results, resend_unknown)
        for result in results:
            _report(request, result)
        return HttpResponseRedirect(self._back(request, ids))

    def _plan(self, request: HttpRequest, results: Sequence[Result], resend_unknown: bool) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": SEND if resend_unknown else PROCESS,
            "opts": self.opts,
            "resend_unknown": resend_unknown,
            "plan": [(result, PLANNED[result.action]) for result in results],
            "possible": any(result.action != SKIPPED for result in results),
            "carried": picked(request),
            "back": self._back(request, [result.batch_id for result in results]),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/batches/confirm_reprocess.html", context)

    def _back(self, request: HttpRequest, ids: Sequence[int]) -> str:
        """Where the operator came from: the list with its filters, or the batch's page."""
        if picked(request):
            return request.get_full_path()
        return reverse("admin:batches_batch_change", args=ids)


def _ids(queryset: QuerySet[Batch]) -> list[int]:
    return list(queryset.values_list("pk", flat=True))


def _offered(batch: Batch) -> str:
    if needs(batch)[0] != SKIPPED:
        return "process_this_again"
    return "send_this_again" if needs(batch, resend_unknown=True)[0] != SKIPPED else ""


def picked(request: HttpRequest) -> list[tuple[str, str]]:
    """What the list's form has to send once more: which action, on which rows. Empty on a batch's page."""
    names = ("action", ACTION_CHECKBOX_NAME)
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _report(request: HttpRequest, result: Result) -> None:
    level = messages.WARNING if result.action == SKIPPED else messages.SUCCESS
    told = format_html("Batch {}: {} ({})", result.batch_id, DONE[result.action], reveal(result.detail))
    messages.add_message(request, level, told)
