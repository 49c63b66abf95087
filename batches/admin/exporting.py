"""The admin's lists as files to download."""

import logging
from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from batches.spreadsheet import lines

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 500


def export(request: HttpRequest, queryset: QuerySet[Any], fields: Sequence[str]) -> StreamingHttpResponse:
    """The rows as a file to download; who took how many is logged."""
    meta = queryset.model._meta
    name = f"{meta.verbose_name_plural}.csv".replace(" ", "-")
    log.info(
        "EXPORTED | User: %(user)s | Table: %(table)s | Rows: %(count)s",
        {"user": request.user.get_username(), "table": meta.label_lower, "count": queryset.count()},
    )
    return StreamingHttpResponse(
        lines(fields, queryset.values_list(*fields).iterator(ROWS_AT_ONCE)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class ExportAction(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Adds "Export selected as CSV" for whoever has the model's export permission; `export_fields` are its columns."""

    export_fields: Sequence[str] = ()

    def has_export_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.export_{self.opts.model_name}")

    @action(description="Export selected as CSV", permissions=["export"])  # type: ignore[untyped-decorator]
    def export_as_csv(self, request: HttpRequest, queryset: QuerySet[Model]) -> StreamingHttpResponse:
        return export(request, queryset, self.export_fields)
