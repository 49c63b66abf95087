"""The page "Accuracy": how often verdicts are right, by what people said, and what rules could be made of it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from classification.evaluation.chart import chart
from classification.evaluation.suggestions import Suggestion, suggestions
from classification.evaluation.trend import Part, Share, Trend, trend
from classification.models import Category
from classification.naming import name_of
from classification.revealing import one_line, reveal

NAME = "classification_correction_accuracy"
ADD_RULE = "classification.add_rule"


class AccuracyPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page beside the list of corrections, for whoever may see those."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [path("accuracy/", self.admin_site.admin_view(self.accuracy_view), name=NAME), *urls]

    def accuracy_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = trend()
        context = {
            **self.admin_site.each_context(request),
            "title": "Accuracy",
            "opts": self.opts,
            "media": self.media,
            "trend": found,
            "chart": chart(found.weeks),
            "whole": _told(found.whole.sample),
            "groups": [
                ("Reason", _rows(found.reasons)),
                ("Engine", _rows(found.engines)),
                ("Rule set", _rows(found.rulesets)),
            ],
            "confusion": _confusion(found),
            "suggestions": _suggested(request),
        }
        return TemplateResponse(request, "admin/classification/accuracy.html", context)


def _rows(parts: Sequence[Part]) -> list[tuple[str, str, str]]:
    return [(part.name, _told(part.all), _told(part.sample)) for part in parts]


def _told(share: Share) -> str:
    """In words: 93 % of 40 (80 to 98 %)."""
    if share.accuracy is None:
        return "–"
    low, high = share.interval
    return f"{share.accuracy:.0%} of {share.rows} ({low * 100:.0f} to {high:.0%})"


def _confusion(found: Trend) -> dict[str, Any]:
    """Names of what people say, and for each label of the machine its name and the counts (right or wrong)."""
    means = sorted({label for row in found.confusion.values() for label in row})
    rows = [
        (name_of(said), [(row.get(label, 0), said == label) for label in means])
        for said, row in found.confusion.items()
    ]
    return {"means": [name_of(label) for label in means], "rows": rows}


def _suggested(request: HttpRequest) -> list[tuple[Any, ...]]:
    """A row for each: words, meaning, people, example and, for whoever may write rules, the filled-in form."""
    keys = dict(Category.objects.values_list("slug", "pk")) if request.user.has_perm(ADD_RULE) else {}
    return [
        (
            reveal(one.words),
            name_of(one.label),
            f"{one.misread} of {one.people}",
            one_line(one.example),
            _form(one, keys),
        )
        for one in suggestions()
    ]


def _form(one: Suggestion, keys: dict[str, int]) -> str:
    if one.label not in keys:
        return ""
    fields = {
        "name": "said." + re.sub(r"[^-\w]+", "-", one.words),
        "category": keys[one.label],
        "patterns": one.words,
        "should_match": one.example,
        "note": f"From corrections: {one.misread} of {one.people} people were misread.",
    }
    return f"{reverse('admin:classification_rule_add')}?{urlencode(fields)}"
