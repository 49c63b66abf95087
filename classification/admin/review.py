"""What people said of verdicts, to look at; they say it on the page of the review queue."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from classification import naming
from classification.admin.evaluation import AccuracyPage
from classification.models import Correction
from classification.record_admin import DayRangeFilter, RecordAdmin
from classification.revealing import one_line, revealed

TEXT, QUESTION = revealed("text", "Text"), revealed("question", "Question")


@admin.register(Correction)
class CorrectionAdmin(AccuracyPage, RecordAdmin):
    list_display = ["at", "said", "machine", "person", "right", "reviewer", "split"]
    list_filter = ["corrected", ("split", ChoicesDropdownFilter), ("at", DayRangeFilter)]
    list_select_related = ["reviewer"]
    search_fields = ["text"]
    search_help_text = "Words of the text"
    fields = ["classification", "at", "reviewer", TEXT, QUESTION, "predicted", "corrected", "split"]
    readonly_fields = [TEXT, QUESTION]

    @admin.display(description="Text")
    def said(self, row: Correction) -> SafeString:
        return one_line(row.text)

    @display(description="Read as", label=naming.TONES)  # type: ignore[untyped-decorator]  # unfold has no types
    def machine(self, row: Correction) -> tuple[str, str]:
        return naming.shown(row.predicted)

    @display(description="Means", label=naming.TONES)  # type: ignore[untyped-decorator]  # unfold has no types
    def person(self, row: Correction) -> tuple[str, str]:
        return naming.shown(row.corrected)

    @admin.display(description="Right", boolean=True)
    def right(self, row: Correction) -> bool:
        return row.predicted == row.corrected
