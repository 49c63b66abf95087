"""The command words: what people can say to opt out, to opt in and to get help."""

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from batches.admin.looks import covers
from batches.models import Keyword


@admin.register(Keyword)
class KeywordAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A change holds for messages that come in two seconds later, in every process."""

    list_display = ["word", "action", "language", covers, "enabled"]
    list_filter = [
        ("action", ChoicesDropdownFilter),
        ("channel", RelatedDropdownFilter),
        "language",
        "enabled",
    ]
    list_select_related = ["channel"]
    search_fields = ["word", "folded"]
    fields = ["word", "action", "channel", "language", "enabled"]
