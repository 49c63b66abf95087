"""The ledger of consent: to look at and to search; operators add to it, nobody changes it. Only a POST acts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from batches.admin.acting import actor, batch_of
from batches.admin.exporting import export
from batches.admin.looks import covers
from batches.channels import DEFAULT
from batches.choices import SenderKind
from batches.models import Channel
from batches.phones import normalise
from batches.search import spellings
from classification.pseudonym import known_as
from classification.record_admin import DayRangeFilter, RecordAdmin
from classification.revealing import revealed
from replies import consent
from replies.models import Consent, ConsentSource, ConsentState

FORM = "admin:replies_consent_record_consent"
TONES: dict[str, str] = {ConsentState.OPTED_OUT: "warning", ConsentState.OPTED_IN: "success"}
NUMBER, WORDS, ACTOR = revealed("number", "Number"), revealed("words", "Words"), revealed("actor", "By")
EXPORTED = [
    "number", "channel__slug", "state", "changed", "source", "words", "message__provider_message_id", "actor",
    "said_at", "recorded_at",
]  # fmt: skip


class ConsentForm(forms.Form):
    """What an operator has to say."""

    number = forms.CharField(
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="With its country, or as people there write it.",
    )
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("slug"),
        required=False,
        empty_label="Every channel",
        widget=UnfoldAdminSelectWidget,
    )
    state = forms.ChoiceField(
        choices=ConsentState.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="Opt somebody in only when that person has asked for it.",
    )
    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="How the person said so, and when: asked by phone on 3 May.",
    )

    def clean(self) -> dict[str, Any]:
        """The number in the channel's spelling (E.164)."""
        data: dict[str, Any] = super().clean() or {}
        channel = data.get("channel") or Channel.objects.get(slug=DEFAULT)
        sender = normalise(data.get("number", ""), channel.number_region)
        if "number" in data and sender.kind != SenderKind.NUMBER:
            self.add_error("number", "This is no phone number.")
        return data | {"number": sender.address}


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    list_display = [NUMBER, "says", covers, "source", WORDS, ACTOR, "said_at"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("channel", RelatedDropdownFilter),
        ("recorded_at", DayRangeFilter),
    ]
    list_select_related = ["channel"]
    sortable_by: list[str] = []
    search_fields = ["number"]
    search_help_text = "Number, in any spelling"
    actions_list = ["record_consent"]
    actions_detail = ["export_history"]
    readonly_fields = [NUMBER, WORDS, ACTOR, covers]
    fields = [
        NUMBER,
        covers,
        "state",
        "changed",
        "source",
        WORDS,
        "message",
        ACTOR,
        "said_at",
        "recorded_at",
    ]

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        """By the whole number, which an index answers; a number that was erased still has its rows."""
        term = search_term.strip()
        names = [name for spelling in spellings(term) for name in known_as(spelling)]
        return (queryset.filter(number__in=names) if term else queryset), False

    @display(description="Says", label=TONES)  # type: ignore[untyped-decorator]
    def says(self, row: Consent) -> tuple[str, str]:
        return row.state, row.get_state_display()

    def has_record_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("replies.record_consent")

    def has_export_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("replies.export_consent")

    @action(description="Export this number's history", permissions=["export"], icon="download")  # type: ignore[untyped-decorator]
    def export_history(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if not isinstance(row, Consent):
            raise Http404("there is no such row")
        answer: HttpResponse = export(request, consent.history(row.number), EXPORTED)  # type: ignore[assignment]
        return answer

    @action(description="Opt a number out or in", permissions=["record"], icon="how_to_reg")  # type: ignore[untyped-decorator]
    def record_consent(self, request: HttpRequest) -> HttpResponse:
        form = ConsentForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            return self._record(request, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": "Opt a number out or in",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "back": reverse("admin:replies_consent_changelist"),
        }
        return TemplateResponse(request, "admin/batches/consent.html", context)

    def _record(self, request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
        new = ConsentState(said["state"])
        consent.decide(
            said["number"],
            said["channel"] and said["channel"].pk,
            new,
            source=ConsentSource.ADMIN,
            words=said["reason"],
            actor=actor(request),
        )
        where = said["channel"] or "every channel"
        messages.success(request, f"{said['number']}: {new.label.lower()} on {where}.")
        found = urlencode({"q": said["number"]})
        return HttpResponseRedirect(f"{reverse('admin:replies_consent_changelist')}?{found}")


class ConsentLink(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The way from a batch to its sender's consent."""

    actions_detail = ["consent_of_sender"]

    def has_consent_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("replies.record_consent")

    @action(description="Opt out or in", permissions=["consent"], icon="how_to_reg")  # type: ignore[untyped-decorator]
    def consent_of_sender(self, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = batch_of(self, request, object_id)
        known = urlencode({"number": batch.sender, "channel": str(batch.channel_id)})
        return HttpResponseRedirect(f"{reverse(FORM)}?{known}")
