"""What an operator may do about stuck batches: look at what would happen, confirm, read what happened."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from batches.models import Batch, BatchEvent
from batches.reprocess import SKIPPED, Result, needs, reprocess

PERMISSION = "batches.change_batch"
MAX_ACTOR = BatchEvent._meta.get_field("actor").max_length
TITLES = {False: "Process again", True: "Send again although unknown"}
DONE = {"closed": "closed and queued", "requeued": "queued again", "resent": "reply queued to be sent again"}


class ReprocessActions:
    """For the batches' ModelAdmin: two actions on the list and, where the state allows, on a batch's page."""

    actions = ["process_again", "send_again"]
    actions_detail = ["process_this_again", "send_this_again"]

    def has_reprocess_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        """Batches themselves cannot be edited; who holds the permission to change them may push them."""
        return request.user.has_perm(PERMISSION)

    @action(description=TITLES[False], permissions=["reprocess"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._chosen(request, queryset, "process_again", resend_unknown=False)

    @action(description=TITLES[True], permissions=["reprocess"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._chosen(request, queryset, "send_again", resend_unknown=True)

    @action(description=TITLES[False], permissions=["reprocess"], icon="replay", variant=ActionVariant.PRIMARY)
    def process_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._this(request, object_id, resend_unknown=False)

    @action(
        description=TITLES[True],
        permissions=["reprocess"],
        icon="forward_to_inbox",
        variant=ActionVariant.WARNING,
    )
    def send_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._this(request, object_id, resend_unknown=True)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list:
        """Only what the batch's state allows; "Send again" only where it makes a difference."""
        batch = self.get_object(request, object_id)
        possible = batch and _possible(batch)
        return [
            one
            for one in super().get_actions_detail(request, object_id)
            if one.method.original_function_name == possible
        ]
