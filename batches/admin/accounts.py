"""A channel's account with its provider. The key is written here and never read: not even its last characters show."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from batches.credentials import NO_KEYS, encrypt
from batches.models import Channel


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Takes a new key; an empty field keeps the one that is set."""

    new_key = forms.CharField(
        required=False,
        max_length=1000,
        label="Key of the provider's account",
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
    )
    forget_key = forms.BooleanField(
        required=False,
        label="Forget the key",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Replies are then sent with the key of the environment.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = "Set." if self.instance.credentials else "Not set: the environment's key is used."
        help_text = f"{told} It is never shown. Leave it empty to keep it as it is."
        self.fields["new_key"].help_text = help_text

    def clean_new_key(self) -> str:
        """Encrypted from here on, so that nothing later has it in clear."""
        key: str = self.cleaned_data["new_key"]
        if not key:
            return ""
        if not settings.CREDENTIALS_KEYS:
            raise forms.ValidationError(NO_KEYS)
        return encrypt(key)

    def save(self, commit: bool = True) -> Channel:
        if self.cleaned_data["forget_key"]:
            self.instance.credentials = ""
        if encrypted := self.cleaned_data["new_key"]:
            self.instance.credentials = encrypted
        channel: Channel = super().save(commit)
        return channel


class AccountAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Adds the account to the channel's page: to set for whoever has the permission, else to look at."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A form takes every field it declares, shown or not: who may not set the key gets one without."""
        if self.may_change_credentials(request):
            kwargs["form"] = type("ChannelAccountForm", (AccountForm, self.form), {})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, _obj: Any = None) -> Any:
        key = ["new_key", "forget_key"] if self.may_change_credentials(request) else ["key"]
        account = ("The provider's account", {"fields": ["provider", *key]})
        return [(None, {"fields": self.fields}), account]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = [*super().get_readonly_fields(request, obj), "key"]
        return fixed if self.may_change_credentials(request) else [*fixed, "provider"]

    def may_change_credentials(self, request: HttpRequest) -> bool:
        permitted = self.has_change_permission(request)
        return bool(permitted and request.user.has_perm("batches.change_credentials"))

    @method_decorator(sensitive_post_parameters("new_key"))
    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        answer: HttpResponse = super().change_view(*args, **kwargs)
        return answer

    @admin.display(description="Key", empty_value="–")
    def key(self, channel: Channel) -> str:
        return "set" if channel.credentials else ""
