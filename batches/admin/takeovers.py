"""Taking a conversation over, from a batch's page or the list of batches, and who has taken over what.

Only a POST acts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from batches import takeovers
from batches.admin.acting import actor, batch_of
from batches.admin.reprocessing import picked
from batches.models import Batch, Takeover
from batches.search import spellings
from classification.record_admin import DayRangeFilter, RecordAdmin
from classification.revealing import revealed

MAY_TAKE_OVER = ["take_over"]  # unfold and Django ask has_…_permission()
USUALLY = timedelta(hours=4)
SENDER, ACTOR, NOTE = revealed("sender", "From"), revealed("actor", "By"), revealed("note", "Note")
ENDED_BY = revealed("ended_by", "Given back by")


class _TimeInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold has no types
    input_type = "datetime-local"


class TakeoverForm(forms.Form):
    """Until when, and why."""

    until = forms.DateTimeField(widget=_TimeInput, help_text="UTC. From then on the machine answers again.")
    note = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For your colleagues: what it is about.",
    )

    def clean_until(self) -> datetime:
        """A time that lies ahead, but not for ever."""
        until: datetime = self.cleaned_data["until"]
        if until <= timezone.now():
            raise forms.ValidationError("This time is over.")
        if until > timezone.now() + takeovers.LONGEST:
            raise forms.ValidationError(f"At most {takeovers.LONGEST.days} days.")
        return until


class TakeoverActions(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Two actions on the list of batches; on a batch's page the one of them that makes sense there."""

    actions_detail = ["take_this_over", "give_this_back"]

    def has_take_over_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("batches.take_over")

    @action(description="Take over", permissions=MAY_TAKE_OVER)  # type: ignore[untyped-decorator]
    def take_over(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._form(request, list(queryset.order_by("pk")))

    @action(description="Give back", permissions=MAY_TAKE_OVER)  # type: ignore[untyped-decorator]
    def give_back(self, request: HttpRequest, queryset: QuerySet[Batch]) -> HttpResponse:
        return self._give_back(request, list(queryset.order_by("pk")))

    @action(description="Take over", permissions=MAY_TAKE_OVER, icon="person_raised_hand")  # type: ignore[untyped-decorator]
    def take_this_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._form(request, [batch_of(self, request, object_id)])

    @action(description="Give back", permissions=MAY_TAKE_OVER, icon="smart_toy")  # type: ignore[untyped-decorator]
    def give_this_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = batch_of(self, request, object_id)
        if request.method != "POST":
            context = {"title": "Give back", "batches": [batch], "back": _page(batch)}
            return self._shown(request, context)
        return self._give_back(request, [batch])

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Of the two buttons here the one for how it stands."""
        batch = self.get_object(request, object_id)
        taken = bool(batch) and takeovers.in_force(batch.channel_id, batch.sender).exists()
        hidden = "take_this_over" if taken else "give_this_back"
        permitted = super().get_actions_detail(request, object_id)
        return [button for button in permitted if button.method.original_function_name != hidden]

    def _form(self, request: HttpRequest, batches: Sequence[Batch]) -> HttpResponse:
        sent = request.method == "POST" and "until" in request.POST
        usual = (timezone.now() + USUALLY).strftime("%Y-%m-%dT%H:%M")
        form = TakeoverForm(request.POST if sent else None, initial={"until": usual})
        if sent and form.is_valid():
            senders = takeovers.take_over(batches, actor=actor(request), **form.cleaned_data)
            until = _minute(form.cleaned_data["until"])
            messages.success(
                request, f"{_conversations(senders)} taken over: no automatic replies until {until} UTC."
            )
            return HttpResponseRedirect(self._way_back(request, batches))
        context = {"title": "Take over", "form": form, "batches": batches, "picked": picked(request)}
        return self._shown(request, context | {"back": self._way_back(request, batches)})

    def _give_back(self, request: HttpRequest, batches: Sequence[Batch]) -> HttpResponse:
        if senders := takeovers.give_back(batches, actor=actor(request)):
            messages.success(request, f"{_conversations(senders)} given back: the machine answers again.")
        else:
            messages.warning(request, "Nobody had taken that over.")
        return HttpResponseRedirect(self._way_back(request, batches))

    def _shown(self, request: HttpRequest, more: dict[str, Any]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, **more}
        return TemplateResponse(request, "admin/batches/takeover.html", context)

    def _way_back(self, request: HttpRequest, batches: Sequence[Batch]) -> str:
        """Where the operator came from: the list with its filters, or the batch's page."""
        return request.get_full_path() if picked(request) else _page(batches[0])


@admin.register(Takeover)
class TakeoverAdmin(RecordAdmin):
    list_display = ["id", SENDER, "channel", "state", ACTOR, NOTE, "began", "ends", ENDED_BY]
    list_filter = [("channel", RelatedDropdownFilter), ("began_at", DayRangeFilter)]
    list_select_related = ["channel"]
    sortable_by: list[str] = []
    search_fields = ["sender"]
    search_help_text = "Number, in any spelling"
    readonly_fields = [SENDER, ACTOR, NOTE, ENDED_BY]
    fields = ["channel", SENDER, ACTOR, NOTE, "began_at", "until", "ended_at", ENDED_BY]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Takeover], search_term: str
    ) -> tuple[QuerySet[Takeover], bool]:
        """By the whole number."""
        term = search_term.strip()
        return (queryset.filter(sender__in=spellings(term)) if term else queryset), False

    @admin.display(description="Began (UTC)")
    def began(self, row: Takeover) -> str:
        return _minute(row.began_at)

    @admin.display(description="Until (UTC)")
    def ends(self, row: Takeover) -> str:
        return _minute(row.ended_at or row.until)

    @display(description="State", label={"in force": "warning", "over": "", "given back": ""})  # type: ignore[untyped-decorator]
    def state(self, row: Takeover) -> str:
        if row.ended_at:
            return "given back"
        return "in force" if row.is_in_force else "over"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _page(batch: Batch) -> str:
    return reverse("admin:batches_batch_change", args=[batch.pk])


def _conversations(number: int) -> str:
    return "1 conversation" if number == 1 else f"{number} conversations"
