"""Messages as they came, each with a link to its batch."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from batches.admin.exporting import ExportAction
from batches.admin.spool import SpoolPage
from batches.models import Message
from batches.search import messages_with_guid, spellings
from batches.templatetags.times import moment
from batches.templatetags.untrusted import one_line, reveal
from classification.record_admin import DayRangeFilter, RecordAdmin


@admin.register(Message)
class MessageAdmin(SpoolPage, ExportAction, RecordAdmin):
    actions = ["export_as_csv"]
    export_fields = [
        "id", "batch_id", "channel__slug", "provider_message_id", "sender", "sender_raw", "sender_kind", "text",
        "received_at", "sent_at", "repeats",
    ]  # fmt: skip
    list_display = ["received", "from_whom", "excerpt", "guid", "repeats", "in_batch"]
    list_filter = [
        ("sender_kind", ChoicesDropdownFilter),
        ("channel", RelatedDropdownFilter),
        ("received_at", DayRangeFilter),
    ]
    sortable_by = ["received"]
    search_fields = ["text"]
    search_help_text = "Number, GUID, or words of the text"
    readonly_fields = ["in_batch", "from_whom", "as_written", "received", "sent", "guid", "words", "raw"]
    fields = [
        "in_batch",
        "channel",
        "from_whom",
        "as_written",
        "sender_kind",
        "words",
        "received",
        "sent",
        "guid",
        "repeats",
        "raw",
    ]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """By the whole GUID or number, which indexes answer; only then by words, which reads every text."""
        if not (term := search_term.strip()):
            return queryset, False
        # one after the other: no index answers an OR over two tables; a batch's sender is its messages'
        ids = [message.pk for message in messages_with_guid(term)]
        for exact in (Q(pk__in=ids), Q(batch__sender__in=spellings(term))):
            if queryset.filter(exact).exists():
                return queryset.filter(exact), False
        return queryset.filter(text__icontains=term), False

    @admin.display(description="Received (UTC)", ordering="id")
    def received(self, message: Message) -> str:
        return moment(message.received_at)

    @admin.display(description="Sent, says the provider")
    def sent(self, message: Message) -> SafeString:
        return format_html(
            "{} UTC, written as {}", moment(message.sent_at), reveal(message.sent_at_raw or "–")
        )

    @admin.display(description="From")
    def from_whom(self, message: Message) -> SafeString:
        return reveal(message.sender)

    @admin.display(description="Sender as written")
    def as_written(self, message: Message) -> SafeString:
        return reveal(message.sender_raw)

    @admin.display(description="Text")
    def excerpt(self, message: Message) -> SafeString:
        return one_line(message.text)

    @admin.display(description="Text")
    def words(self, message: Message) -> SafeString:
        return format_html('<div class="untrusted">{}</div>', reveal(message.text))

    @admin.display(description="GUID")
    def guid(self, message: Message) -> SafeString:
        return reveal(message.provider_message_id)

    @admin.display(description="Batch")
    def in_batch(self, message: Message) -> SafeString:
        address = reverse("admin:batches_batch_change", args=[message.batch_id])
        return format_html('<a href="{}" class="text-link">{}</a>', address, message.batch_id)

    @admin.display(description="As the provider sent it")
    def raw(self, message: Message) -> SafeString:
        return format_html('<div class="untrusted raw">{}</div>', reveal(message.payload))
