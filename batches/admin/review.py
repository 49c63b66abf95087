"""The review queue: one verdict at a time, judged by a key or a button. Only a POST acts."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.forms import Media, Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from batches import texts
from batches.review import Reviewed, occasion, reasons_not_to_answer, review
from classification import naming, reviewing
from classification.admin.record import reasons
from classification.corrections import CannotCorrect
from classification.models import Classification, ReviewReason
from classification.rulesets.live import live
from replies import content

NAME = "batches_batch_review"
KEYS = "123456789"


class ReviewPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page beside the list of batches, for whoever may judge verdicts, and the way there from a batch's page."""

    def has_judge_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("classification.add_correction")

    @action(description="Judge the label", permissions=["judge"], icon="rate_review")  # type: ignore[untyped-decorator]
    def judge_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The newest verdict, also when it is not in the queue."""
        verdict = Classification.objects.filter(batch_id=_number(object_id)).order_by("-id").first()
        if verdict is None:
            messages.warning(request, "There is no verdict yet.")
            return HttpResponseRedirect(reverse("admin:batches_batch_change", args=[object_id]))
        return HttpResponseRedirect(f"{reverse(f'admin:{NAME}')}?verdict={verdict.pk}")

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [path("review/", self.admin_site.admin_view(self.review_view), name=NAME), *urls]

    def review_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_judge_permission(request):
            raise PermissionDenied
        reviewer = cast(User, request.user)  # nobody else has permissions
        if request.method == "POST":
            return self._judge(request, reviewer)
        after = _number(request.GET.get("after"))
        named = _number(request.GET.get("verdict"))
        verdict = _named(named) if named else reviewing.next_for(reviewer, after)
        left = reviewing.left()
        context = {
            **self.admin_site.each_context(request),
            "title": "Review",
            "opts": self.opts,
            "media": self.media,
            "script": Media(js=[Script("batches/review.js", defer=True)]),  # type: ignore[list-item]  # unknown to the stubs
            "left": [(ReviewReason(reason).label, count) for reason, count in left.items()],
            "total": sum(left.values()),
            "start": reverse(f"admin:{NAME}"),
            **(_shown(verdict) if verdict else {}),
        }
        return TemplateResponse(request, "admin/batches/review.html", context)

    def _judge(self, request: HttpRequest, reviewer: User) -> HttpResponse:
        """What was said is stored, and the next one comes; a named verdict has the same successor as in the queue."""
        verdict = _named(_number(request.POST.get("verdict")))
        if "skip" not in request.POST:
            send = "send" in request.POST
            try:
                _tell(request, review(verdict, reviewer, request.POST.get("label", ""), send=send))
                reviewing.about.cache_clear()  # whoever has just judged one looks at the number
            except CannotCorrect as problem:
                messages.warning(request, f"{_name(verdict)}: {problem}")
        return HttpResponseRedirect(f"{reverse(f'admin:{NAME}')}?after={verdict.pk}")


def _number(text: str | None) -> int:
    """A row's number from outside; 0 for whatever else was given."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _named(number: int) -> Classification:
    return get_object_or_404(Classification.objects.select_related("batch__channel"), pk=number)


def _name(verdict: Classification) -> str:
    return f"Batch {verdict.batch_id}"


def _tell(request: HttpRequest, done: Reviewed) -> None:
    row = done.correction
    same = row.corrected == row.predicted
    told = f"confirmed as {row.corrected}" if same else f"corrected from {row.predicted} to {row.corrected}"
    reply = ", and a correcting reply is on its way" if done.queued else ""
    messages.success(request, f"{_name(row.classification)}: {told}{reply}.")
    if done.unsent:
        messages.warning(request, f"{_name(row.classification)}: no correcting reply. {done.unsent}")


def _shown(verdict: Classification) -> dict[str, Any]:
    """What the page tells of one verdict."""
    batch, answers = verdict.batch, _answers(verdict)
    return {
        "verdict": verdict,
        "batch": batch,
        "texts": texts.whole(batch),
        "said": (naming.name_of(verdict.label), naming.TONES.get(naming.kind_of(verdict.label), "")),
        "other": naming.name_of(verdict.other_label),
        "why": reasons(verdict),
        "replies": batch.replies.order_by("id"),
        "choices": _choices(),
        "answers": answers,
        "answerable": any(text for _name, text, _problem in answers),
        "judged": verdict.corrections.select_related("reviewer"),
    }


def _choices() -> list[tuple[str, str, str]]:
    """Slug, name and key of every category; the first nine have a key."""
    categories = live().document.categories
    return [
        (category.slug, category.name, KEYS[number : number + 1])
        for number, category in enumerate(categories)
    ]


def _answers(verdict: Classification) -> list[tuple[str, str, str]]:
    """For every other category its name and the correcting reply's text, or why there would be none."""
    batch, found = verdict.batch, list[tuple[str, str, str]]()
    others = {slug: name for slug, name, _key in _choices() if slug != verdict.label}
    written_for = occasion(batch)
    for slug, problem in reasons_not_to_answer(batch, others).items():
        said = content.reply(slug, written_for, channel_id=batch.channel_id, turn=batch.pk)
        found.append((others[slug], "" if problem else said.body, problem))
    return found
