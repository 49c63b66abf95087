"""What models cost: operators keep it as their providers' price lists say."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from classification import prices
from classification.models import Price

INPUT, OUTPUT = "Input, US$ for a million tokens", "Output, US$ for a million tokens"


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Says what the numbers are."""

    class Meta:
        model = Price
        fields = ["model", "input_per_million", "output_per_million"]
        labels = {"input_per_million": INPUT, "output_per_million": OUTPUT}
        help_texts = {
            "model": "As the provider calls it, without a date: its dated variants are priced so, too."
        }

    def clean_model(self) -> str:
        """A price is found by the model's exact name: one that is other in capitals alone would never be."""
        name: str = self.cleaned_data["model"]
        if known := Price.objects.filter(model__iexact=name).exclude(pk=self.instance.pk).first():
            raise forms.ValidationError(f"There is a price for “{known}” already.")
        return name


@admin.register(Price)
class PriceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A change holds for conversations from then on, in every process within a minute."""

    list_display = ["model", "received", "written", "updated_at"]
    form = PriceForm
    fields = PriceForm.Meta.fields
    search_fields = ["model"]

    def get_readonly_fields(self, _request: HttpRequest, obj: Price | None = None) -> list[str]:
        """A price that is there stays its model's: another model gets a row of its own."""
        return ["model"] if obj else []

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        prices.table.cache_clear()

    def delete_model(self, request: HttpRequest, obj: Price) -> None:
        super().delete_model(request, obj)
        prices.table.cache_clear()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Price]) -> None:
        super().delete_queryset(request, queryset)
        prices.table.cache_clear()

    @admin.display(description=INPUT, ordering="input_per_million")
    def received(self, price: Price) -> str:
        return f"{price.input_per_million:f}"

    @admin.display(description=OUTPUT, ordering="output_per_million")
    def written(self, price: Price) -> str:
        return f"{price.output_per_million:f}"
