"""Templates of replies: a form that shows what is sent while it is written, and every version that there was."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminExpandableTextareaWidget, UnfoldAdminSelectWidget

from batches.admin.looks import covers
from classification import naming
from classification.labels import Label, Said
from classification.models import Category
from classification.revealing import one_line
from classification.rulesets.live import live
from classification.widgets import SmsTextarea
from replies import content, costs, wording
from replies.addressee import Addressee
from replies.choosing import Version
from replies.languages import language_name
from replies.models import Template
from replies.occasion import Occasion
from replies.policy import too_long
from replies.segments import count, encoding_of, misfits_named, room
from replies.voice import Voice

PREVIEW = "replies_template_preview"
SHOWN = 90  # characters
AS_SAID = [("unknown", "As the channel says"), ("true", "Yes"), ("false", "No")]


def categories() -> list[tuple[str, str]]:
    """What may be answered: the live categories, those of the draft, and the commands."""
    known = {one.slug: one.name for one in live().document.categories}
    drafted = dict(Category.objects.values_list("slug", "name"))
    commands = {one.value: f"{one.label} (a command)" for one in Said}
    return list((drafted | known | commands).items())


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Refuses what could never be sent."""

    category = forms.ChoiceField(choices=categories, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Template
        fields = ["category", "channel", "language", "text", "mention", "gsm_safe", "enabled"]
        widgets = {"text": UnfoldAdminExpandableTextareaWidget, "mention": SmsTextarea}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "gsm_safe" in self.fields:
            self.fields["gsm_safe"].widget.choices = AS_SAID
        gone = self.instance.category
        if gone and "category" in self.fields and gone not in dict(categories()):
            choices = [*categories(), (gone, f"{naming.name_of(gone)} (there is none now)")]
            self.fields["category"].choices = choices  # type: ignore[attr-defined]

    def sample(self, field: str = "text") -> content.Content:
        """What would be sent to somebody of that field. Raises ValueError for a text that cannot be filled."""
        data = self.cleaned_data
        label = data.get("category") or str(Label.UNDECIDED)
        draft = Version(0, 0, label, None, "", str(data.get(field, "")), data.get("gsm_safe"))
        return content.preview(draft, Occasion(_SOMEBODY, self.voice, count=_COUNT))

    @property
    def voice(self) -> Voice:
        """Of the channel that it is for; of none, the settings'."""
        channel = self.cleaned_data.get("channel")
        return channel.voice if channel else Voice(name=_ANY_CHANNEL)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook: the row is filled from here on
        for field in ("text", "mention"):
            if field in self.errors or not self.cleaned_data.get(field):
                continue
            if problem := too_long(count(self.sample(field).body).segments, self.voice.max_segments):
                self.add_error(field, problem)


_SOMEBODY = Addressee(name=wording.VARIABLES["name"][1])
_COUNT = 3
_ANY_CHANNEL = "default"


class Editor(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Shows below the text what would be sent, in the words of those who send it."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [path("preview/", self.admin_site.admin_view(self.preview_view), name=PREVIEW), *urls]

    def preview_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form as it stands, as what would be sent; nothing is stored."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = TemplateForm(request.POST)
        form.is_valid()
        return JsonResponse(_shown(form))

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        if "text" in form.base_fields:
            form.base_fields["text"].widget.attrs["data-preview"] = reverse(f"admin:{PREVIEW}")
        return form


def _shown(form: TemplateForm) -> dict[str, Any]:
    problems = [
        reason
        for field in ("text", "mention", "language", "channel")
        for reason in form.errors.get(field, [])
    ]
    try:
        wording.variables(str(form.data.get("text", "")))
    except ValueError:
        return {"problems": problems}
    form.cleaned_data.setdefault("text", form.data.get("text", ""))
    said = form.sample()
    segments = count(said.body).segments
    told = [
        f"{segments} of {form.voice.max_segments} segments",
        f"{room(said.body)} characters left",
        f"{encoding_of(said.body)}{_forced(said.body)}",
        costs.in_words(costs.of(segments, form.voice)),
        "made GSM-safe" if said.made_gsm_safe else "",
    ]
    return {"text": said.body, "told": " · ".join(filter(None, told)), "problems": problems}


def _forced(text: str) -> str:
    named = misfits_named(text)
    return f" for {named}" if named else ""


@admin.register(Template)
class TemplateAdmin(SimpleHistoryAdmin, Editor):  # type: ignore[misc]  # both without types
    """A change holds for replies that are written two seconds later, in every process."""

    form = TemplateForm
    list_display = ["id", "answers", covers, "speaks", "says", "segments", "enabled"]
    list_filter = [("channel", RelatedDropdownFilter), "language", "enabled"]
    list_select_related = ["channel"]
    list_per_page = 50
    search_fields = ["text", "category"]
    fields = TemplateForm.Meta.fields
    history_list_display = ["says"]
    warn_unsaved_form = True

    class Media:
        js = ["replies/preview.js"]
        css = {"all": ["batches/admin.css", "replies/segments.css"]}

    @display(description="Answers", label=naming.TONES, ordering="category")  # type: ignore[untyped-decorator]
    def answers(self, row: Template) -> tuple[str, str]:
        return naming.shown(row.category)

    @admin.display(description="Language", ordering="language")
    def speaks(self, row: Template) -> str:
        return language_name(row.language) or "Any"

    @admin.display(description="Text")
    def says(self, row: Template) -> SafeString:
        return one_line(row.text, SHOWN)

    @admin.display(description="Segments")
    def segments(self, row: Template) -> int:
        """Of the text as it is written; a variable is counted as its name."""
        return count(row.text).segments

    def delete_model(self, request: HttpRequest, obj: Template) -> None:
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        self._delete(request, queryset)

    def _delete(self, request: HttpRequest, rows: Iterable[Template]) -> None:
        """One by one: the history keeps who deleted each."""
        for row in rows:
            row._history_user = request.user  # type: ignore[attr-defined]  # read by the history
            row.delete()
