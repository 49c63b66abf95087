"""The most of something: operators see how much is used, supervisors set it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from classification import ceilings
from classification.clock import Now
from classification.models import Ceiling, Meter, Usage
from classification.usage import EVERYBODY, channel_scope


class CeilingForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Refuses what could never hold."""

    class Meta:
        model = Ceiling
        fields = ["channel", "together", "meter", "period", "most"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("channel") and data.get("together"):
            self.add_error(
                "together", "One channel shares with nobody: choose no channel, or leave this empty."
            )
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook: the row is filled from here on
        row = self.instance
        if self.errors or row.meter != Meter.MONEY or row.most is None:
            return
        if not self._has_price():
            self.add_error(
                "most", "What replies cost is not known: set SMS_SEGMENT_PRICE first, or a channel's price."
            )
        for problem in filter(None, (ceilings.objection(row, channel) for channel in self._priced())):
            self.add_error(None, problem)

    def _has_price(self) -> bool:
        if settings.SMS_SEGMENT_PRICE is not None:
            return True
        return bool(self._priced().exists())

    def _priced(self) -> QuerySet[Any]:
        """The channels with a price of their own."""
        channels = Ceiling.channel.field.related_model.objects  # type: ignore[attr-defined]  # unknown to the stubs
        priced: QuerySet[Any] = channels.filter(segment_price__isnull=False)
        return priced


@admin.register(Ceiling)
class CeilingAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A change holds everywhere within a second."""

    list_display = ["what", "whose", "limit", "used"]
    list_select_related = ["channel"]
    form = CeilingForm
    fields = CeilingForm.Meta.fields

    def get_readonly_fields(self, _request: HttpRequest, obj: Ceiling | None = None) -> list[str]:
        """Another ceiling gets a row of its own."""
        return ["channel", "together", "meter", "period"] if obj else []

    def save_model(self, request: HttpRequest, obj: Ceiling, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        ceilings.live.cache_clear()

    def delete_model(self, request: HttpRequest, obj: Ceiling) -> None:
        super().delete_model(request, obj)
        ceilings.live.cache_clear()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Ceiling]) -> None:
        super().delete_queryset(request, queryset)
        ceilings.live.cache_clear()

    @admin.display(description="Ceiling")
    def what(self, row: Ceiling) -> str:
        return str(row)

    @admin.display(description="Of")
    def whose(self, row: Ceiling) -> str:
        return str(row.channel or ("all channels together" if row.together else "each channel"))

    @admin.display(description="At most")
    def limit(self, row: Ceiling) -> str:
        if row.most is None:
            return "no limit"
        return _plain(row.most) + (f" {_currency(row)}" if row.meter == Meter.MONEY else "")

    @admin.display(description="Used in this period")
    def used(self, row: Ceiling) -> str:
        """Of each channel that which has used most; without a limit nothing is counted."""
        if row.most is None:
            return "–"
        rows = Usage.objects.filter(what=f"{row.meter}/{row.period}", until__gt=Now())
        if row.channel_id or row.together:
            rows = rows.filter(scope=channel_scope(row.channel_id) if row.channel_id else EVERYBODY)
        else:
            rows = rows.exclude(scope=EVERYBODY)
        used = rows.order_by("-used").values_list("used", flat=True).first()
        return _plain(used or Decimal(0))


def _currency(row: Ceiling) -> str:
    return str(row.channel.voice.currency if row.channel else settings.SMS_CURRENCY)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
