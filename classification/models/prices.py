"""What a model costs, as its provider's price list says; operators keep it right."""

from django.core.validators import MinValueValidator
from django.db import models


class Price(models.Model):
    """US dollars for a million tokens. A model's dated variants ("name-2026-10-06") have its price, too."""

    model = models.CharField(max_length=128, unique=True)
    input_per_million = models.DecimalField(
        max_digits=10, decimal_places=4, validators=[MinValueValidator(0)]
    )
    output_per_million = models.DecimalField(
        max_digits=10, decimal_places=4, validators=[MinValueValidator(0)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["model"]

    def __str__(self) -> str:
        return self.model
