"""What models cost: operators keep it as their providers' price lists say."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from classification import prices
from classification.models import Price


@admin.register(Price)
class PriceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A change holds for conversations from then on, in every process within a minute."""

    list_display = ["model", "received", "written", "updated_at"]
    fields = ["model", "input_per_million", "output_per_million"]
    search_fields = ["model"]

    def get_readonly_fields(self, _request: HttpRequest, obj: Price | None = None) -> list[str]:
        """A price that is there stays its model's: another model gets a row of its own."""
        return ["model"] if obj else []

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        prices.forget()

    @admin.display(description="Input, US$ for a million tokens", ordering="input_per_million")
    def received(self, price: Price) -> str:
        return f"{price.input_per_million:f}"

    @admin.display(description="Output, US$ for a million tokens", ordering="output_per_million")
    def written(self, price: Price) -> str:
        return f"{price.output_per_million:f}"
