"""What the webhook refused, and why."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from batches.models import RejectedDelivery
from batches.templatetags.times import moment
from batches.templatetags.untrusted import one_line, reveal
from classification.record_admin import DayRangeFilter, RecordAdmin

# HTTP 200: the rest of the list was good.
ANSWERS = {200: "warning"} | dict.fromkeys((400, 413, 415), "danger")


@admin.register(RejectedDelivery)
class RejectedDeliveryAdmin(RecordAdmin):
    list_display = ["when", "answer", "first_error", "beginning", "size", "remote_address", "channel"]
    list_filter = ["http_status", ("channel", RelatedDropdownFilter), ("at", DayRangeFilter)]
    list_select_related = ["channel"]
    sortable_by = ["when"]
    search_fields = ["body", "remote_address"]
    search_help_text = "Words of the body, or an address"
    readonly_fields = ["when", "all_errors", "declared_type", "refused"]
    fields = [
        "when",
        "channel",
        "http_status",
        "all_errors",
        "declared_type",
        "remote_address",
        "size",
        "refused",
    ]

    @admin.display(description="Refused (UTC)", ordering="at")
    def when(self, delivery: RejectedDelivery) -> str:
        return moment(delivery.at)

    @display(description="Answer", label=ANSWERS)  # type: ignore[untyped-decorator]  # unfold has no types
    def answer(self, delivery: RejectedDelivery) -> int:
        return delivery.http_status

    @admin.display(description="Why")
    def first_error(self, delivery: RejectedDelivery) -> SafeString:
        if not delivery.errors:
            return reveal("–")
        more = len(delivery.errors) - 1
        return format_html(
            "<span>{}{}</span>", _told(delivery.errors[0]), f" (and {more} more)" if more else ""
        )

    @admin.display(description="Why")
    def all_errors(self, delivery: RejectedDelivery) -> SafeString:
        items = format_html_join("", "<li>{}</li>", ((_told(error),) for error in delivery.errors))
        return format_html("<ul>{}</ul>", items)

    @admin.display(description="Content type")
    def declared_type(self, delivery: RejectedDelivery) -> SafeString:
        return reveal(delivery.content_type or "–")

    @admin.display(description="Body")
    def beginning(self, delivery: RejectedDelivery) -> SafeString:
        return one_line(delivery.body, 60)

    @admin.display(description="Body")
    def refused(self, delivery: RejectedDelivery) -> SafeString:
        return format_html('<div class="untrusted raw">{}</div>', reveal(delivery.body))


def _told(error: Mapping[str, Any]) -> SafeString:
    """One error: which message of the list (from 0), which field, what is wrong."""
    place = f"message {error['index']}" if "index" in error else ""
    where = ", ".join(part for part in (place, error.get("field", "")) if part)
    return reveal(f"{where}: {error.get('reason', '')}" if where else error.get("reason", ""))
