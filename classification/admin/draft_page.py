"""The draft as a whole: beside the live rule set, published, discarded, exported, imported. Only a POST acts."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from pydantic_core import from_json
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from classification.admin import scoreboard
from classification.engines.rules.document import Document
from classification.evaluation.comparison import Comparison, compare
from classification.models import RuleSet
from classification.revealing import reveal
from classification.rulesets import drafts, seen, shipping, store
from classification.rulesets.differences import differences
from classification.rulesets.drafts import DocumentInvalid
from classification.rulesets.publishing import OVERRIDE, Refused, note, publish

NAME = "classification_rule_draft"
EXPORT = "classification_rule_draft_export"
MAX_UPLOAD = 2_000_000  # bytes; an export of the shipped rule set has 0.8 million
MAX_PROBLEMS = 30  # shown
CHANGED = "The draft has changed since you looked at it, and nothing is replaced. Look at it again."
EDIT = [
    f"classification.{verb}_{model}"
    for verb in ("add", "change", "delete")
    for model in ("category", "rule", "lexiconentry")
]
PUBLISH = "classification.publish_ruleset"


class PublishForm(forms.Form):
    """What is kept with a publication. `seen` is the digest of the draft that the page has shown."""

    note = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="What has changed, and why.",
    )
    override = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        label="Reason for the override",
        help_text="Why it is to be published although it scores worse.",
    )
    seen = forms.CharField(max_length=64, required=False)


class DraftPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Pages beside the list of rules, for whoever may see those."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        view = self.admin_site.admin_view
        return [
            path("draft/", view(self.draft_view), name=NAME),
            path("draft/export/", view(self.export_view), name=EXPORT),
            *urls,
        ]

    def draft_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        act = request.POST.get("act") if request.method == "POST" else None
        if act is None:
            return self._draft(request)
        return self._publish(request) if act == "publish" else self._replace(request, act)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return as_file(drafts.draft(), "draft")
        except DocumentInvalid as invalid:
            return self._draft(request, problems=invalid.problems)

    def _publish(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        form = PublishForm(request.POST)
        if not form.is_valid():
            return self._draft(request, form=form)
        try:
            row = publish(request.user, **form.cleaned_data)  # type: ignore[arg-type]  # a user, for he may
        except Refused as refused:
            messages.error(request, str(refused))
            return self._draft(request, problems=refused.problems, form=form)
        messages.success(request, f"{row} is published. Every node uses it within a few seconds.")
        return HttpResponseRedirect(reverse("admin:classification_ruleset_change", args=[row.pk]))

    def _replace(self, request: HttpRequest, act: str) -> HttpResponse:
        """Something else becomes the draft."""
        if not request.user.has_perms(EDIT):
            raise PermissionDenied
        try:
            document, told = _source(request, act)
        except DocumentInvalid as invalid:
            return self._draft(request, problems=invalid.problems)
        if request.POST.get("seen") not in (None, seen.draft()):
            messages.error(request, CHANGED)
            return self._draft(request)
        drafts.load(document)
        note(request.user, f"Draft replaced: {told}")  # type: ignore[arg-type]
        messages.success(request, f"The draft is now {told}.")
        return HttpResponseRedirect(reverse(f"admin:{NAME}"))

    def _draft(
        self, request: HttpRequest, problems: Sequence[str] = (), form: PublishForm | None = None
    ) -> HttpResponse:
        live = store.live_row()
        context = {
            **self.admin_site.each_context(request),
            "title": "Draft",
            "opts": self.opts,
            "media": self.media,
            "live": live,
            "shipped": shipping.newest_shipped(),
            "seen": seen.draft(),  # before it is read: what comes in between is a change
            "may_edit": request.user.has_perms(EDIT),
            "may_publish": request.user.has_perm(PUBLISH),
            "may_override": request.user.has_perm(OVERRIDE),
            "form": form or PublishForm(),
            **_state(live, list(problems)),
        }
        return TemplateResponse(request, "admin/classification/draft.html", context)


def as_file(document: Document, name: str) -> HttpResponse:
    """The document as people exchange it: one JSON file."""
    text = json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


def _source(request: HttpRequest, act: str) -> tuple[Document, str]:
    """What is to become the draft, and what it is called. Raises DocumentInvalid."""
    if act == "import":
        return _uploaded(request), "what the file says"
    row = shipping.newest_shipped() if act == "load_shipped" else store.live_row()
    if row is None or act not in ("load_shipped", "discard"):
        raise DocumentInvalid(["There is nothing of that name to load."])
    try:
        return store.parsed(row), f"what {row} says"
    except store.Unreadable as unreadable:
        raise DocumentInvalid([str(unreadable)]) from unreadable


def _uploaded(request: HttpRequest) -> Document:
    file = request.FILES.get("file")
    if file is None:
        raise DocumentInvalid(["Choose a file."])
    if (file.size or 0) > MAX_UPLOAD:
        raise DocumentInvalid([f"The file is larger than {MAX_UPLOAD:,} bytes."])
    try:
        data = from_json(file.read().removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except ValueError as error:
        raise DocumentInvalid([f"The file is no JSON: {error}"]) from error
    return drafts.read(data)


def _state(live: RuleSet | None, problems: list[str]) -> dict[str, Any]:
    """The draft beside the live rule set, or why it cannot be compared."""
    try:
        draft = drafts.draft()
        before = store.compiled(live).document if live else draft
        found = differences(before, draft)
        comparisons = compare(before, draft) if found else []
    except (DocumentInvalid, store.Unreadable, ValueError) as error:
        problems = problems or getattr(error, "problems", [str(error)])
        return {"broken": True, "problems": _problems(problems)}
    return {
        "problems": _problems(problems),
        "digest": store.digest(draft),
        "differences": scoreboard.told(found),
        "difference_count": len(found),
        "boards": scoreboard.boards({one.source: one.as_dict() for one in comparisons}),
        "changed": scoreboard.changed_rows(comparisons, draft),
        "changed_count": sum(len(one.changed) for one in comparisons),
        "fallen": _fallen(comparisons),
    }


def _problems(problems: list[str]) -> list[Any]:
    more = [f"… and {len(problems) - MAX_PROBLEMS} more."] if len(problems) > MAX_PROBLEMS else []
    return [reveal(problem) for problem in problems[:MAX_PROBLEMS] + more]


def _fallen(comparisons: list[Comparison]) -> str:
    return ", ".join(measure for comparison in comparisons for measure in comparison.fallen)
