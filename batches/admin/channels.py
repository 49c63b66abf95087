"""Channels: the few things of a channel that an operator sets while it runs."""

from typing import Any

import phonenumbers
from django import forms
from django.contrib import admin
from django.http import HttpRequest

from batches.admin.accounts import AccountAdmin
from batches.admin.tokens import TokensPage
from batches.channels import DEFAULT
from batches.models import Channel

LONGEST_WINDOW = 3600  # seconds, as for CONSOLIDATION_WINDOW
# What an operator sets; the provider's account has a part of the page of its own.
OWN_FIELDS = [
    "region",
    "window_seconds",
    "question",
    "auto_reply_enabled",
    "stale_policy",
    "provider_confirms_stop",
    "sender_per_minute",
    "channel_per_minute",
]


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Refuses what no batch could work with."""

    class Meta:
        model = Channel
        fields = [*OWN_FIELDS, "provider"]

    def clean_region(self) -> str:
        region: str = self.cleaned_data["region"].upper()
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            raise forms.ValidationError(
                f"{region} is no country with telephone numbers; write it like PH or US"
            )
        return region

    def clean_window_seconds(self) -> int | None:
        seconds: int | None = self.cleaned_data["window_seconds"]
        if seconds is not None and not 1 <= seconds <= LONGEST_WINDOW:
            raise forms.ValidationError(f"{seconds} is not between 1 and {LONGEST_WINDOW} seconds")
        return seconds


@admin.register(Channel)
class ChannelAdmin(TokensPage, AccountAdmin):
    """Changes hold for batches that open from then on."""

    form = ChannelForm
    list_display = ["slug", "effective_region", "effective_window", "replies", "provider", "key"]
    readonly_fields = ["slug", "tokens"]
    fields = ["slug", *OWN_FIELDS, "tokens"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """A channel needs an address to receive at; the service makes those it has."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        permitted: bool = super().has_delete_permission(request, obj)
        return permitted and not (obj and obj.slug == DEFAULT)

    @admin.display(description="Region")
    def effective_region(self, channel: Channel) -> str:
        return channel.number_region

    @admin.display(description="Window")
    def effective_window(self, channel: Channel) -> str:
        return f"{channel.window} s"

    @admin.display(description="Auto-reply", boolean=True)
    def replies(self, channel: Channel) -> bool:
        return channel.replies_enabled
