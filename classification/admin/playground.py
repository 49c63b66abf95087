"""A burst of texts to try on the draft or on the live rule set. Nothing is stored and nothing is sent."""

import re
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from classification.engines.base import Verdict
from classification.engines.rules.document import Document
from classification.engines.rules.engine import rules_of
from classification.naming import TONES
from classification.revealing import reveal
from classification.rulesets import store
from classification.rulesets.drafts import DocumentInvalid, draft

NAME = "classification_rule_playground"
DRAFT, LIVE = "draft", "live"
CHOICES = [(DRAFT, "Draft"), (LIVE, "Live rule set")]
MAX_TEXT = 20_000  # characters


class PlaygroundForm(forms.Form):
    """What somebody might have written, and by which rules it is to be read."""

    texts = forms.CharField(
        max_length=MAX_TEXT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="One text a line; or, if a text has several lines, an empty line between texts.",
    )
    rules = forms.ChoiceField(choices=CHOICES, initial=DRAFT, widget=UnfoldAdminSelectWidget)


class PlaygroundPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page beside the list of rules, for whoever may see those."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        view = self.admin_site.admin_view(self.playground_view)
        return [path("playground/", view, name=NAME), *urls]

    def playground_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PlaygroundForm(request.POST or None)
        result = _result(**form.cleaned_data) if form.is_valid() else {}
        context = {
            **self.admin_site.each_context(request),
            "title": "Playground",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            **result,
        }
        return TemplateResponse(request, "admin/classification/playground.html", context)


def texts_of(pasted: str) -> list[str]:
    """The texts of a burst: parts between empty lines if there are any, else lines."""
    pasted = pasted.replace("\r\n", "\n").strip()
    parts = re.split(r"\n\s*\n", pasted)
    return [part.strip() for part in (parts if len(parts) > 1 else pasted.split("\n"))]


def _result(texts: str, rules: str) -> dict[str, Any]:
    burst = texts_of(texts)
    answers = {side: _answer(side, burst) for side in (DRAFT, LIVE)}
    chosen, other = answers[rules], answers[LIVE if rules == DRAFT else DRAFT]
    differ = chosen["label"] != other["label"]
    return {"burst": [reveal(text) for text in burst], "answer": chosen, "other": other if differ else None}


def _answer(side: str, burst: list[str]) -> dict[str, Any]:
    name = dict(CHOICES)[side]
    try:
        document = _document(side)
        return {"by": name} | _shown(rules_of(document).read(burst), document)
    except DocumentInvalid as invalid:
        return {"by": name, "label": None, "problems": [reveal(problem) for problem in invalid.problems]}
    except (store.Unreadable, ValueError) as error:
        return {"by": name, "label": None, "problems": [reveal(error)]}


def _document(side: str) -> Document:
    if side == DRAFT:
        return draft()
    row = store.live_row()
    if row is None:
        raise DocumentInvalid(["There is no live rule set."])
    return store.parsed(row)


def _shown(verdict: Verdict, document: Document) -> dict[str, Any]:
    category = document.category(verdict.label)
    names = {one.slug: one.name for one in document.categories}
    hits = verdict.trace.get("hits", [])
    headings = list(dict.fromkeys(name for hit in hits for name in hit))
    rest = {name: value for name, value in verdict.trace.items() if name != "hits"}
    return {
        "label": verdict.label,
        "name": names.get(verdict.label, verdict.label),
        "tone": TONES[category.counts_as] if category else "",
        "sure": verdict.sure,
        "confidence": verdict.confidence,
        "matters": [(names.get(one.label, one.label), reveal(one.text)) for one in verdict.matters],
        "headings": headings,
        "rows": [[_cell(hit.get(name)) for name in headings] for hit in hits],
        "rest": [(name, reveal(_plain(value))) for name, value in rest.items()],
    }


def _cell(value: Any) -> Any:
    return {True: "yes", False: "", None: ""}[value] if value in (True, False, None) else reveal(value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
