"""Categories, rules and lexicon: the draft's rows, checked as they are saved."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pydantic import ValidationError
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from classification.admin.draft_page import DraftPage
from classification.admin.playground import PlaygroundPage
from classification.engines.rules.checking import check_rule
from classification.engines.rules.clauses import tidy
from classification.engines.rules.document import (
    RULE_NAME,
    CategoryEntry,
    Entry,
    LexiconKind,
    RuleEntry,
    Word,
)
from classification.labels import Label
from classification.models import Category, LexiconEntry, Rule
from classification.naming import TONES
from classification.revealing import one_line
from classification.rulesets import plainly, seen, words
from classification.rulesets.drafts import DocumentInvalid, as_entry, draft
from classification.rulesets.live import live
from classification.rulesets.objections import objections
from classification.widgets import SmsTextarea

ANY = "any"  # in an address, for the language that is empty
PATTERNS_SHOWN = 90  # characters
CHANGED = format_html(
    'Somebody else has changed this since you opened it. Nothing is saved. <a class="text-link" href="" '
    'target="_blank">{}</a> beside this page, and put in there what you typed.',
    "Load it again",
)


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Says of a row what the document would say of it, at the field that is meant.

    `seen` is the digest of the row that the page has shown: what others have saved since must not be undone in silence.
    """

    entry: type[Entry]
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = seen.row(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        known = self.cleaned_data.get("seen")
        # Held until the row is saved: the admin's transaction ends with that.
        rows = type(self.instance)._default_manager.select_for_update().filter(pk=self.instance.pk)
        if known and any(seen.row(found) != known for found in rows):
            self.add_error(None, CHANGED)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook: the row is filled from here on
        if self.errors:
            return
        try:
            self.check(self.entry.model_validate(as_entry(self.instance)))
        except ValidationError as error:
            for place, message in plainly.problems(error):
                self._tell(place, message)

    def check(self, entry: Any) -> None:
        """More that could be wrong with it."""

    def _tell(self, where: plainly.Place, message: str) -> None:
        field, line = (*where, "", "")[:2]
        told = f"Line {line + 1}: {message}" if isinstance(line, int) else message
        self.add_error(str(field) if field in self.fields else None, told)


class CategoryForm(EntryForm):
    """What the document would refuse as a whole is refused here in words."""

    entry = CategoryEntry

    class Meta:
        widgets = {"reply": SmsTextarea, "mention": SmsTextarea}

    def check(self, entry: CategoryEntry) -> None:
        for field, problem in objections(entry):
            self.add_error(field, problem)

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == Label.UNDECIDED:
            raise forms.ValidationError("No category may be called so: it is the verdict of nobody.")
        return slug

    def clean_is_default(self) -> bool:
        wanted: bool = self.cleaned_data["is_default"]
        other = Category.objects.filter(is_default=True).exclude(pk=self.instance.pk).first()
        if wanted and other:
            raise forms.ValidationError(f"“{other}” is the default; take it away there first.")
        return wanted


class RuleForm(EntryForm):
    """A rule must do what its own examples say."""

    entry = RuleEntry

    class Meta:
        error_messages = {"name": {"invalid": f"The name {plainly.PATTERNS[RULE_NAME]}."}}

    def check(self, entry: RuleEntry) -> None:
        try:
            document = draft()
        except DocumentInvalid:  # somewhere else; what is live serves as well to try this rule
            document = live().document
        if entry.category and not document.category(entry.category):
            return  # switched off: the rule does nothing either
        former = Rule.objects.filter(pk=self.instance.pk).values_list("name", flat=True).first()
        others = tuple(rule for rule in document.rules if rule.name not in (entry.name, former))
        for problem in check_rule(entry, document.model_copy(update={"rules": (*others, entry)})):
            self.add_error("patterns", problem)


class WordForm(EntryForm):
    """A word must be one that the rules can find; they read texts in lower case."""

    entry = Word

    def clean_term(self) -> str:
        return tidy(self.cleaned_data["term"])

    def clean_becomes(self) -> str:
        return tidy(self.cleaned_data["becomes"])

    def check(self, entry: Word) -> None:
        others = LexiconEntry.objects.filter(kind=LexiconKind.VARIANT).exclude(pk=self.instance.pk)
        for field, problem in words.problems(entry, dict(others.values_list("term", "becomes"))):
            self.add_error(field, problem)

    def _tell(self, where: plainly.Place, message: str) -> None:
        """What concerns the word as a whole is about what it becomes."""
        super()._tell(where or ("becomes",), message)


class LanguageFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By the languages that the draft knows; a word without one is of any."""

    title = "language"
    parameter_name = "language"

    def lookups(self, _request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        known = model_admin.model.objects.order_by("language").values_list("language", flat=True).distinct()
        return [(language or ANY, language or "any") for language in known]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (language := self.value()):
            return queryset
        return queryset.filter(language="" if language == ANY else language)


class DraftAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows of the draft, which each page says."""

    list_before_template = "admin/classification/draft_note.html"
    change_form_before_template = "admin/classification/draft_note.html"
    list_per_page = 50
    list_filter_submit = True
    warn_unsaved_form = True
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminExpandableTextareaWidget}}

    class Media:
        css = {"all": ["batches/admin.css", "classification/admin.css"]}


@admin.register(Category)
class CategoryAdmin(DraftAdmin):
    form = CategoryForm
    list_display = ["name", "slug", "counts", "priority", "own_reply", "is_default", "enabled"]
    list_filter = [("counts_as", ChoicesDropdownFilter), "enabled"]
    search_fields = ["name", "slug", "meaning", "reply"]

    @display(description="Counts as", label=TONES, ordering="counts_as")  # type: ignore[untyped-decorator]
    def counts(self, row: Category) -> tuple[str, str]:
        return row.counts_as, row.get_counts_as_display()

    @admin.display(description="Reply")
    def own_reply(self, row: Category) -> SafeString:
        return one_line(row.reply or "–")


@admin.register(Rule)
class RuleAdmin(DraftPage, PlaygroundPage, DraftAdmin):
    form = RuleForm
    list_display = ["name", "says", "language", "strength", "match", "excerpt", "enabled"]
    list_filter = [
        LanguageFilter,
        ("category", RelatedDropdownFilter),
        ("strength", ChoicesDropdownFilter),
        ("match", ChoicesDropdownFilter),
        "enabled",
    ]
    list_select_related = ["category"]
    search_fields = ["name", "patterns", "note"]
    search_help_text = "Name, a word of the patterns, or the note"
    actions = ["switch_on", "switch_off"]

    @display(description="Category", label=TONES, ordering="category__name")  # type: ignore[untyped-decorator]
    def says(self, row: Rule) -> tuple[str, str]:
        return (row.category.counts_as, row.category.name) if row.category else ("", "nothing")

    @admin.display(description="Patterns")
    def excerpt(self, row: Rule) -> SafeString:
        return one_line(", ".join(row.patterns.splitlines()), PATTERNS_SHOWN)

    @action(description="Switch on", permissions=["change"])  # type: ignore[untyped-decorator]
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=True)

    @action(description="Switch off", permissions=["change"])  # type: ignore[untyped-decorator]
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Rule], *, enabled: bool) -> None:
        for rule in queryset.exclude(enabled=enabled):
            rule.enabled = enabled
            rule.save(update_fields=["enabled"])
            self.log_change(request, rule, f"Switched {'on' if enabled else 'off'}")
        messages.success(
            request, f"Switched {'on' if enabled else 'off'}. It counts once the draft is published."
        )


@admin.register(LexiconEntry)
class LexiconAdmin(DraftAdmin):
    form = WordForm
    list_display = ["term", "kind", "becomes", "language"]
    list_filter = [LanguageFilter, ("kind", ChoicesDropdownFilter)]
    search_fields = ["term", "becomes"]

    def save_model(self, request: HttpRequest, obj: LexiconEntry, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.kind != LexiconKind.CLASS:
            return
        for name in words.unnamed(obj.becomes, Rule.objects.values_list("patterns", flat=True)):
            messages.warning(request, f"No pattern names @{name}: “{obj.term}” does nothing there yet.")
