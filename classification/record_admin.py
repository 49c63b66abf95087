"""What the admin's lists of records share: nothing can be changed, and no page costs more when there are millions.

It lives in the lowest application so that all others can build on it.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter
from unfold.paginator import InfinitePaginator
from unfold.utils import parse_date_str

from classification.naming import all_labels


class ReadOnly:
    """Viewing is left to Django's view permission."""

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False


class RecordAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A read-only list, the newest first, without a COUNT over the whole table."""

    ordering = ["-id"]
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_disable_select_all = True  # who picks thousands of rows wants the command
    list_filter_submit = True
    list_horizontal_scrollbar_top = True  # below it would lie over the last row
    actions_detail_hide_default = True  # no history of changes where nothing changes

    class Media:
        css = {"all": ["batches/admin.css"]}


class LabelFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By verdict. Asking the column for its distinct values would read every row."""

    title = "label"
    parameter_name = "label"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return all_labels()

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(label=self.value()) if self.value() else queryset


class DayRangeFilter(RangeDateFilter):  # type: ignore[misc]  # unfold has no types
    """From a day to a day (UTC), both included. unfold's own ends at the last day's midnight."""

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.field_path}__lt": last + timedelta(days=1)})
        return queryset

    def _day(self, end: str) -> datetime | None:
        day = parse_date_str(self.used_parameters.get(f"{self.field_path}_{end}"))
        return datetime.combine(day, time.min, UTC) if day else None
