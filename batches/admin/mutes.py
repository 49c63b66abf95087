"""Senders that were taken for machines: to look at, and to answer again."""

from datetime import datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display

from batches.clock import Now
from batches.search import spellings
from classification.record_admin import RecordAdmin
from classification.revealing import revealed
from replies.models import Mute

NUMBER = revealed("number", "Number")
TONES = {"muted": "danger", "over": ""}


@admin.register(Mute)
class MuteAdmin(RecordAdmin):
    list_display = [NUMBER, "channel", "reason", "since", "until", "state"]
    list_filter = ["reason", ("channel", RelatedDropdownFilter)]
    list_select_related = ["channel"]
    sortable_by: list[str] = []
    search_fields = ["number"]
    search_help_text = "Number, in any spelling"
    readonly_fields = [NUMBER]
    fields = [NUMBER, "channel", "reason", "since", "until"]
    actions = ["answer_again"]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Mute], search_term: str
    ) -> tuple[QuerySet[Mute], bool]:
        term = search_term.strip()
        return (queryset.filter(number__in=spellings(term)) if term else queryset), False

    def has_lift_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("replies.lift_mute")

    @action(description="Answer them again", permissions=["lift"])  # type: ignore[untyped-decorator]
    def answer_again(self, request: HttpRequest, queryset: QuerySet[Mute]) -> None:
        """A person knows better: from the next conversation on they get replies."""
        lifted = list(queryset.filter(until__gt=Now()))
        Mute.objects.filter(pk__in=[row.pk for row in lifted]).update(until=Now())
        for row in lifted:
            self.log_change(request, row, "Answered again")
        told = f"Answered again: {len(lifted)}" if lifted else "None of them was muted any more."
        messages.add_message(request, messages.SUCCESS if lifted else messages.WARNING, told)

    @display(description="State", label=TONES)  # type: ignore[untyped-decorator]
    def state(self, row: Mute) -> str:
        return "muted" if _is_now(row.until) else "over"


def _is_now(until: datetime) -> bool:
    return until > timezone.now()
