"""Senders' preferences: a form for one, a file for many, and the way there from a batch."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from batches.admin.acting import batch_of
from batches.admin.exporting import ExportAction
from batches.admin.preference_files import COLUMNS, Plan, carry_out, plan, too_large
from batches.models import SenderPreference
from batches.search import spellings
from classification.revealing import revealed
from replies.languages import language_name

LIST = "admin:batches_senderpreference_changelist"
SHOWN = 100  # problems on one page
NAME, NOTES = revealed("name", "Name"), revealed("notes", "Notes")


class FileForm(forms.Form):
    """A file, or what was read of the one that was just checked."""

    file = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"CSV in UTF-8. Columns: {', '.join(COLUMNS)}.",
    )
    content = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Before anything of the file is read: it may be of any size."""
        data: dict[str, Any] = super().clean() or {}
        file = data.get("file")
        if file and (problem := too_large(file.size)):
            self.add_error("file", problem)
        elif not file and not data.get("content"):
            self.add_error("file", "Choose a file.")
        return data

    @property
    def given(self) -> bytes:
        """What was checked comes back with a browser's line ends, of two characters each: it must not grow by them."""
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else self.cleaned_data["content"].replace("\r\n", "\n").encode()


@admin.register(SenderPreference)
class SenderPreferenceAdmin(ExportAction):
    """A change holds for the sender's next batch."""

    list_display = ["number", NAME, "speaks", "window", "no_auto_replies", "is_vip", "updated_at"]
    list_display_links = ["number"]
    list_filter = ["is_vip", "no_auto_replies", "language"]
    list_per_page = 50
    search_fields = ["number", "name"]
    search_help_text = "Number, in any spelling, or name"
    fields = ["number", "name", "language", "window_seconds", "no_auto_replies", "is_vip", "notes"]
    export_fields = COLUMNS
    actions = ["export_as_csv"]
    actions_list = ["import_file"]
    warn_unsaved_form = True

    class Media:
        css = {"all": ["batches/admin.css"]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SenderPreference], search_term: str
    ) -> tuple[QuerySet[SenderPreference], bool]:
        """By the whole number in any spelling; only then by a part of number or name."""
        exact = queryset.filter(number__in=spellings(search_term.strip()))
        if exact.exists():
            return exact, False
        found: tuple[QuerySet[SenderPreference], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    @admin.display(description="Language", ordering="language")
    def speaks(self, row: SenderPreference) -> str:
        return language_name(row.language) or "–"

    @admin.display(description="Window", ordering="window_seconds")
    def window(self, row: SenderPreference) -> str:
        if row.window_seconds is None:
            return "–"
        return f"{row.window_seconds} s" if row.window_seconds else "at once"

    def has_import_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("batches.import_senderpreference")

    @action(description="Import a file", permissions=["import"], icon="upload_file")  # type: ignore[untyped-decorator]
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Looks at a file; stores it when asked for that, unless something is wrong with it."""
        form = FileForm(request.POST or None, request.FILES or None)
        found, content = None, b""
        if request.method == "POST" and form.is_valid():
            content = form.given
            found = plan(content)
            if "import" in request.POST and not found.problems:
                return self._carry_out(request, found)
        context = {
            **self.admin_site.each_context(request),
            "title": "Import senders' preferences",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "plan": found,
            "problems": found.problems[:SHOWN] if found else [],
            "more": max(0, len(found.problems) - SHOWN) if found else 0,
            "content": content.decode(errors="replace"),
            "back": reverse(LIST),
        }
        return TemplateResponse(request, "admin/batches/import_senders.html", context)

    def _carry_out(self, request: HttpRequest, found: Plan) -> HttpResponse:
        carry_out(found)
        told = f"{len(found.new)} new, {len(found.changed)} changed, {found.unchanged} as they were."
        messages.success(request, f"Imported: {told}")
        return HttpResponseRedirect(reverse(LIST))


class PreferenceLink(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The way from a batch to its sender's preferences."""

    actions_detail = ["preferences_of_sender"]

    def has_preferences_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("batches.change_senderpreference")

    @action(description="Sender's preferences", permissions=["preferences"], icon="person_edit")  # type: ignore[untyped-decorator]
    def preferences_of_sender(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = batch_of(self, request, object_id)
        row = SenderPreference.objects.filter(number=batch.sender).first()
        if row:
            return HttpResponseRedirect(reverse("admin:batches_senderpreference_change", args=[row.pk]))
        known = urlencode({"number": batch.sender})
        return HttpResponseRedirect(f"{reverse('admin:batches_senderpreference_add')}?{known}")
