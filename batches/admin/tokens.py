"""A channel's webhook tokens: listed on its page, made and revoked on a page of their own. Only a POST acts."""

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from batches.access import LONGEST_DAYS, REMEMBERED, issue, revoke
from batches.channels import DEFAULT
from batches.models import LABEL_LENGTH, Channel

TITLE = "Webhook tokens"


class TokenForm(forms.Form):
    """What can be said about a new token."""

    label = forms.CharField(
        max_length=LABEL_LENGTH,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Who will hold it, for example: Ana's phone.",
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How many days it is valid. Empty: until it is revoked.",
    )


class TokensPage(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The channel's field and button "Webhook tokens", and the page behind the button."""

    actions_detail = ["webhook_tokens"]

    class Media:
        css = {"all": ["batches/admin.css"]}

    def has_tokens_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        """Whoever may change a channel decides who posts to it."""
        return request.user.has_perm("batches.change_channel")

    @admin.display(description=TITLE)
    def tokens(self, channel: Channel) -> SafeString:
        """Without their secrets, which are nowhere."""
        return render_to_string("admin/batches/tokens_table.html", {"tokens": channel.tokens.all()})

    @action(description=TITLE, permissions=["tokens"], icon="key")  # type: ignore[untyped-decorator]
    def webhook_tokens(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = self.get_object(request, object_id)
        if not isinstance(channel, Channel):
            raise Http404("there is no such channel")
        if request.method == "POST" and "revoke" in request.POST:
            return self._revoke(request, channel, request.POST["revoke"])
        form = TokenForm(request.POST if request.method == "POST" else None)
        secret = self._issue(request, channel, form) if form.is_valid() else ""
        return self._page(request, channel, TokenForm() if secret else form, secret)

    def _issue(self, request: HttpRequest, channel: Channel, form: TokenForm) -> str:
        row, secret = issue(channel, form.cleaned_data["label"], form.cleaned_data["days"])
        self.log_change(request, channel, f"Webhook token {row} made")
        return secret

    def _revoke(self, request: HttpRequest, channel: Channel, token_id: str) -> HttpResponse:
        row = channel.tokens.filter(pk=token_id).first() if token_id.isdecimal() else None
        if row and revoke(channel, row.pk):
            self.log_change(request, channel, f"Webhook token {row} revoked")
            messages.success(request, f"{row} is revoked; no process takes it after {REMEMBERED} seconds.")
        else:
            messages.warning(request, "This token had ended already.")
        return HttpResponseRedirect(request.get_full_path())

    def _page(self, request: HttpRequest, channel: Channel, form: TokenForm, secret: str) -> HttpResponse:
        """The secret is in this one answer, which no cache may keep, and nowhere else."""
        address = reverse("webhook", args=[channel.slug, secret]) if secret else ""
        context = {
            **self.admin_site.each_context(request),
            "title": f"{TITLE}: {channel}",
            "opts": self.opts,
            "media": self.media,
            "channel": channel,
            "tokens": channel.tokens.all(),
            "form": form,
            "secret": secret,
            "address": request.build_absolute_uri(address) if secret else "",
            "header_address": request.build_absolute_uri(reverse("sms-received"))
            if channel.slug == DEFAULT
            else "",
            "back": reverse("admin:batches_channel_change", args=[channel.pk]),
        }
        return TemplateResponse(request, "admin/batches/tokens.html", context)
