"""The switch that stops replies: its state, who threw it and why, and the buttons. Only a POST acts."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from batches.admin.acting import actor
from batches.admin.looks import covers
from batches.models import Channel
from classification.record_admin import DayRangeFilter, RecordAdmin
from classification.revealing import revealed
from replies import switches
from replies.models import Switch

REASON, ACTOR = revealed("reason", "Why"), revealed("actor", "By")
LIST = "admin:replies_switch_changelist"


@admin.register(Switch)
class SwitchAdmin(RecordAdmin):
    """What was stopped and let go on, and above it how it is now."""

    list_before_template = "admin/batches/switches.html"
    list_display = ["at", covers, "does", ACTOR, REASON]
    list_filter = [("channel", RelatedDropdownFilter), ("at", DayRangeFilter)]
    list_select_related = ["channel"]
    sortable_by: list[str] = []
    readonly_fields = [REASON, ACTOR]
    fields = ["channel", "stopped", REASON, ACTOR, "at"]

    def get_urls(self) -> list[URLPattern]:
        throw = require_POST(self.admin_site.admin_view(self.throw))
        urls: list[URLPattern] = super().get_urls()
        return [path("throw/", throw, name="replies_switch_throw"), *urls]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        shown = {"title": "Stop replies", "switches": _states(), "may_throw": _may_throw(request)}
        answer: HttpResponse = super().changelist_view(request, {**shown, **(extra_context or {})})
        return answer

    def throw(self, request: HttpRequest) -> HttpResponse:
        """Stop a channel or all of them, or let them go on; a reason is asked for."""
        if not _may_throw(request):
            raise PermissionDenied
        number, wanted = request.POST.get("channel", ""), request.POST.get("stop")
        channel = Channel.objects.filter(pk=number).first() if number.isdecimal() else None
        reason = request.POST.get("reason", "").strip()
        if (number and channel is None) or wanted not in ("yes", "no") or not reason:
            messages.error(request, "Nothing was changed: say which channel, and why.")
            return HttpResponseRedirect(reverse(LIST))
        where = channel.pk if channel else None
        changed = switches.throw(where, stop=wanted == "yes", reason=reason, actor=actor(request))
        does = "stopped" if wanted == "yes" else "going on"
        told = f"Replies of {channel or 'every channel'} are {does}{'' if changed else ' already'}."
        messages.add_message(request, messages.SUCCESS if changed else messages.WARNING, told)
        return HttpResponseRedirect(reverse(LIST))

    @display(description="Did", label={"Stopped": "danger", "Let go on": "success"})  # type: ignore[untyped-decorator]
    def does(self, row: Switch) -> str:
        return "Stopped" if row.stopped else "Let go on"


def _may_throw(request: HttpRequest) -> bool:
    return request.user.has_perm("replies.throw_switch")


def _states() -> list[dict[str, Any]]:
    """All of them together first, then each channel."""
    names: dict[int | None, str] = {None: "Every channel"}
    names |= dict(Channel.objects.order_by("slug").values_list("pk", "slug"))
    found = switches.states()
    return [
        {
            "channel_id": channel_id,
            "name": name,
            "last": found.get(channel_id),
            "stopped": channel_id in found and found[channel_id].stopped,
        }
        for channel_id, name in names.items()
    ]
