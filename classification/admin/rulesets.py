"""Published rule sets: a list, a page each, and the way back to an earlier one. Only a POST acts."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, QuerySet, Subquery, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from classification.admin import scoreboard
from classification.admin.draft_page import EDIT, PUBLISH, as_file
from classification.engines.rules.document import Document
from classification.evaluation.comparison import GOLDEN
from classification.models import Activation, RuleSet
from classification.naming import TONES
from classification.record_admin import RecordAdmin
from classification.revealing import one_line, reveal
from classification.rulesets import drafts, store
from classification.rulesets.differences import differences
from classification.rulesets.publishing import Refused, activate, note


@admin.register(RuleSet)
class RuleSetAdmin(RecordAdmin):
    list_display = [
        "name",
        "state",
        "origin",
        "about",
        "published_by",
        "published",
        "agree_precision",
        "macro_f1",
    ]
    list_filter = ["origin"]
    list_select_related = ["published_by"]
    search_fields = ["note", "override"]
    search_help_text = "Note"
    ordering = ["-number"]
    sortable_by = ["name"]
    change_form_outer_before_template = "admin/classification/ruleset.html"

    class Media:
        css = {"all": ["classification/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleSet]:
        newest = Activation.objects.order_by("-id").values("ruleset_id")[:1]
        is_live = Case(
            When(pk=Subquery(newest), then=Value(True)), default=False, output_field=BooleanField()
        )
        rows: QuerySet[RuleSet] = super().get_queryset(request)
        return rows.annotate(is_live=is_live).defer("document")

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        view, name = self.admin_site.admin_view, "classification_ruleset_"
        return [
            path("<int:pk>/export/", view(self.export_view), name=f"{name}export"),
            path("<int:pk>/act/", view(self.act_view), name=f"{name}act"),
            *urls,
        ]

    def get_fieldsets(self, *_: Any) -> list[Any]:
        """None: the page is made of parts of its own."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = _page(request, row) if isinstance(row, RuleSet) else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
        return answer

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = _found(pk)
        try:
            return as_file(store.parsed(row), f"ruleset-{row.number}")
        except store.Unreadable as unreadable:
            messages.error(request, str(unreadable))
            return _back(row)

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make it live, or put it into the draft."""
        row, act = _found(pk), request.POST.get("act", "")
        permitted = {"activate": [PUBLISH], "load": EDIT}.get(act)
        if permitted is None or not request.user.has_perms(permitted):
            raise PermissionDenied
        try:
            told = _activate(request, row) if act == "activate" else _load(request, row)
            messages.success(request, told)
        except (Refused, store.Unreadable) as problem:
            messages.error(request, str(problem))
        return _back(row)

    @admin.display(description="Rule set", ordering="number")
    def name(self, row: RuleSet) -> str:
        return str(row)

    @display(description="State", label={"live": "success"})  # type: ignore[untyped-decorator]
    def state(self, row: RuleSet) -> tuple[str, str]:
        return ("live", "Live") if row.is_live else ("", "")  # type: ignore[attr-defined]  # annotated

    @admin.display(description="Note")
    def about(self, row: RuleSet) -> SafeString:
        return one_line(f"{row.note}{' (override)' if row.override else ''}" or "–")

    @admin.display(description="Published (UTC)")
    def published(self, row: RuleSet) -> str:
        return f"{row.published_at:%Y-%m-%d %H:%M}"

    @admin.display(description="Precision of agreement")
    def agree_precision(self, row: RuleSet) -> str:
        return _score(row, "agree_precision")

    @admin.display(description="Macro-F1")
    def macro_f1(self, row: RuleSet) -> str:
        return _score(row, "macro_f1")


def _score(row: RuleSet, name: str) -> str:
    """As it was measured on the golden set when it was published."""
    return scoreboard.figure(row.scores.get(GOLDEN, {}).get("draft", {}).get(name))


def _found(pk: int) -> RuleSet:
    row = RuleSet.objects.filter(pk=pk).first()
    if row is None:
        raise Http404("there is no such rule set")
    return row


def _back(row: RuleSet) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:classification_ruleset_change", args=[row.pk]))


def _activate(request: HttpRequest, row: RuleSet) -> str:
    activate(row, request.user)  # type: ignore[arg-type]  # whoever has a permission is a user
    return f"{row} is live. Every node uses it within a few seconds."


def _load(request: HttpRequest, row: RuleSet) -> str:
    drafts.load(store.parsed(row))
    note(request.user, f"Draft replaced: what {row} says", row)  # type: ignore[arg-type]
    return f"The draft is now what {row} says."


def _page(request: HttpRequest, row: RuleSet) -> dict[str, Any]:
    return _record(request, row) | _contents(row)


def _record(request: HttpRequest, row: RuleSet) -> dict[str, Any]:
    """What is known of it without reading it, and what may be done with it."""
    live = store.live_row()
    return {
        "title": str(row),
        "row": row,
        "is_live": live == row,
        "told": reveal(row.note),
        "override": reveal(row.override),
        "activations": row.activations.all(),
        "boards": scoreboard.boards(row.scores),
        "may_activate": request.user.has_perm(PUBLISH) and live != row,
        "may_load": request.user.has_perms(EDIT),
        "export": reverse("admin:classification_ruleset_export", args=[row.pk]),
    }


def _contents(row: RuleSet) -> dict[str, Any]:
    """What is in it, and what is other than in the one before."""
    previous = RuleSet.objects.filter(number__lt=row.number).order_by("-number").first()
    try:
        document = store.parsed(row)
        found = differences(store.parsed(previous), document) if previous else []
    except store.Unreadable as unreadable:
        return {"previous": previous, "problem": str(unreadable)}
    told = {"differences": scoreboard.told(found), "difference_count": len(found)}
    return {"previous": previous, **_summary(document), **told}


def _summary(document: Document) -> dict[str, Any]:
    """What it is made of, in numbers and by category."""
    return {
        "counts": [
            ("Categories", len(document.categories)),
            ("Rules", len(document.rules)),
            ("Patterns", sum(len(rule.patterns) for rule in document.rules)),
            ("Words in the lexicon", len(document.lexicon)),
        ],
        "languages": ", ".join(sorted({rule.language or "any" for rule in document.rules})),
        "categories": [
            {
                "entry": one,
                "tone": TONES[one.counts_as],
                "meaning": reveal(one.meaning),
                "reply": reveal(one.reply or "–"),
                "rules": sum(rule.category == one.slug for rule in document.rules),
            }
            for one in document.categories
        ],
    }
