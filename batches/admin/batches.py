"""Batches: a list to search and filter, and a page that tells one batch's story."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, MultipleChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from batches import takeovers, texts
from batches.admin import looks
from batches.admin.consent import ConsentLink
from batches.admin.exporting import ExportAction
from batches.admin.preferences import PreferenceLink
from batches.admin.reports import ReportPage
from batches.admin.reprocessing import ReprocessActions
from batches.admin.review import ReviewPage
from batches.admin.takeovers import TakeoverActions
from batches.choices import Flag
from batches.models import Batch, Message
from batches.search import messages_with_guid, spellings
from batches.templatetags.untrusted import one_line, reveal
from batches.timeline import MAX_MESSAGES, timeline
from classification import naming
from classification.record_admin import DayRangeFilter, LabelFilter, RecordAdmin
from replies.costs import segments_of

EXCERPT = 80  # characters


class FlagFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By what is odd about it. Few batches are flagged, and an index holds just those."""

    title = "flag"
    parameter_name = "flag"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("any", "Any"), *Flag.choices]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        if not (word := self.value()):
            return queryset
        flagged = queryset.exclude(flags="")
        return flagged if word == "any" else flagged.filter(flags__contains=word)


@admin.register(Batch)
class BatchAdmin(
    ReportPage,
    ReviewPage,
    ReprocessActions,
    TakeoverActions,
    ConsentLink,
    PreferenceLink,
    ExportAction,
    RecordAdmin,
):
    actions_detail = [
        "judge_this",
        *ReprocessActions.actions_detail,
        *TakeoverActions.actions_detail,
        *ConsentLink.actions_detail,
        *PreferenceLink.actions_detail,
    ]
    actions = ["process_again", "send_again", "take_over", "give_back", "export_as_csv"]
    export_fields = [
        "id", "channel__slug", "sender", "sender_kind", "status", "message_count", "opened_at", "closes_at",
        "closed_at", "completed_at", "label", "outcome", "reason", "segments",
    ]  # fmt: skip
    list_display = ["number", "from_whom", "opened", "messages", "text", "state", "verdict", "end"]
    list_filter = [
        ("status", MultipleChoicesDropdownFilter),
        LabelFilter,
        FlagFilter,
        ("outcome", MultipleChoicesDropdownFilter),
        ("channel", RelatedDropdownFilter),
        ("opened_at", DayRangeFilter),
    ]
    sortable_by = ["number", "opened"]  # columns with an index
    search_fields = ["sender"]
    search_help_text = "Number (any spelling, or a part) or GUID"
    change_form_outer_before_template = "admin/batches/batch.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        first = Message.objects.filter(batch=OuterRef("pk")).order_by("received_at", "id")
        excerpt = first.annotate(excerpt=Substr("text", 1, EXCERPT + 1)).values("excerpt")[:1]
        rows: QuerySet[Batch] = super().get_queryset(request)
        return rows.annotate(excerpt=Subquery(excerpt), segments=segments_of(OuterRef("pk")))

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Batch], search_term: str
    ) -> tuple[QuerySet[Batch], bool]:
        """By the whole number or GUID, which indexes answer; only then by a part of the number."""
        if not (term := search_term.strip()):
            return queryset, False
        ids = [message.batch_id for message in messages_with_guid(term)]
        exact = queryset.filter(Q(sender__in=spellings(term)) | Q(pk__in=ids))
        return (exact if exact.exists() else queryset.filter(sender__icontains=term)), False

    def get_fieldsets(self, *_: Any) -> list[Any]:
        """None: the page tells the story instead."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        story = _story(batch) if isinstance(batch, Batch) else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**story, **(extra_context or {})}
        )
        return answer

    @admin.display(description="Batch", ordering="id")
    def number(self, batch: Batch) -> int:
        return batch.pk

    @admin.display(description="From")
    def from_whom(self, batch: Batch) -> SafeString:
        return reveal(batch.sender)

    @admin.display(description="Opened (UTC)", ordering="opened_at")
    def opened(self, batch: Batch) -> str:
        return f"{batch.opened_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Messages")
    def messages(self, batch: Batch) -> int:
        return batch.message_count

    @admin.display(description="First text")
    def text(self, batch: Batch) -> SafeString:
        return one_line(batch.excerpt or "", EXCERPT)  # type: ignore[attr-defined]  # annotated

    @display(description="Status", label=looks.STATUS)  # type: ignore[untyped-decorator]  # unfold has no types
    def state(self, batch: Batch) -> tuple[str, str]:
        return batch.status, batch.get_status_display()

    @display(description="Label", label=naming.TONES)  # type: ignore[untyped-decorator]  # unfold has no types
    def verdict(self, batch: Batch) -> tuple[str, str]:
        return naming.shown(batch.label)

    @display(description="Outcome", label=looks.OUTCOME)  # type: ignore[untyped-decorator]  # unfold has no types
    def end(self, batch: Batch) -> tuple[str, str]:
        return batch.outcome, batch.outcome  # the word alone: the page has the sentence


def _story(batch: Batch) -> dict[str, Any]:
    """What the batch's page shows."""
    return {
        "title": f"Batch {batch.pk}",
        "batch": batch,
        "badges": [
            (batch.get_status_display(), looks.STATUS[batch.status]),
            (naming.name_of(batch.label), naming.TONES.get(naming.kind_of(batch.label), "")),
            *((Flag(word).label, "warning") for word in batch.flag_list),
            (batch.get_outcome_display() if batch.outcome else "", looks.OUTCOME.get(batch.outcome, "")),
            ("Texts purged" if batch.purged_at else "", ""),
        ],
        "late": batch.closed_at - batch.closes_at if batch.closed_at else None,
        "window": f"{(batch.closes_at - batch.opened_at).total_seconds():g} s",
        "reply": batch.replies.order_by("id").last(),
        "timeline": timeline(batch),
        "hidden": max(batch.message_count - MAX_MESSAGES, 0),
        "carries": texts.predecessors(batch),
        "takeover": takeovers.in_force(batch.channel_id, batch.sender).first(),
    }
