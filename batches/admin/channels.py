"""Channels: the few things of a channel that an operator sets while it runs."""

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from batches.admin.accounts import AccountAdmin
from batches.admin.tokens import TokensPage
from batches.channels import DEFAULT
from batches.choices import SenderKind
from batches.models import Channel
from batches.periods import MOST_DAYS
from batches.phones import normalise
from classification import ceilings
from classification.models import Ceiling, Meter
from replies.languages import language_code

LONGEST_WINDOW = 3600  # seconds, as for CONSOLIDATION_WINDOW
MOST_SEGMENTS = 10  # as for SMS_MAX_SEGMENTS
# What an operator sets; the provider's account has a part of the page of its own.
OWN_FIELDS = [
    "name",
    "region",
    "window_seconds",
    "question",
    "auto_reply_enabled",
    "stale_policy",
    "keep_days",
    "provider_confirms_stop",
    "own_numbers",
    "answer_short_codes",
    "quiet_policy",
    "quiet_from",
    "quiet_until",
    "time_zone",
    "language",
    "gsm_safe",
    "max_segments",
    "segment_price",
    "currency",
    "segment_credits",
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

    def clean_keep_days(self) -> int | None:
        days: int | None = self.cleaned_data["keep_days"]
        if days is not None and days > MOST_DAYS:
            raise forms.ValidationError(f"{days} is more than {MOST_DAYS} days; 0 keeps texts for ever")
        return days

    def clean_own_numbers(self) -> str:
        """One spelling (E.164) for each, one a line."""
        region = self.cleaned_data.get("region") or self.instance.number_region
        written = [line.strip() for line in re.split(r"[\n,;]", self.cleaned_data["own_numbers"])]
        senders = {line: normalise(line, region) for line in written if line}
        if wrong := [line for line, sender in senders.items() if sender.kind != SenderKind.NUMBER]:
            raise forms.ValidationError(
                f"{wrong[0]} is no phone number; write one a line, like +639171234567"
            )
        return "\n".join(dict.fromkeys(sender.address for sender in senders.values()))

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone not in available_timezones():
            raise forms.ValidationError(
                f"{zone} is no time zone of the IANA database; write it like Asia/Manila"
            )
        return zone

    def clean_language(self) -> str:
        try:
            return language_code(self.cleaned_data["language"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if currency and not (currency.isascii() and currency.isalpha() and len(currency) == 3):
            raise forms.ValidationError(f"{currency} is no currency's code; write it like PHP or USD")
        return currency

    def clean_max_segments(self) -> int | None:
        most: int | None = self.cleaned_data["max_segments"]
        if most is not None and not 1 <= most <= MOST_SEGMENTS:
            raise forms.ValidationError(f"{most} is not between 1 and {MOST_SEGMENTS} segments")
        return most

    def _check_money(self, data: dict[str, Any]) -> None:
        for field in ("segment_price", "segment_credits"):
            if (data.get(field) or 0) < 0:
                self.add_error(field, "This cannot be less than nothing.")
        if data.get("currency") and data.get("segment_price") is None and "segment_price" not in self.errors:
            self.add_error("segment_price", "A currency of its own needs a price of its own.")
        for problem in self._unlike_ceilings(data):
            self.add_error("currency", problem)

    def _unlike_ceilings(self, data: dict[str, Any]) -> Iterator[str]:
        """The ceilings of money that would be compared with another currency than theirs."""
        asked = {"segment_price": data.get("segment_price"), "currency": data.get("currency", "")}
        wanted = Channel(pk=self.instance.pk, slug=self.instance.slug, **asked)
        was, becomes = self.instance.voice.currency, wanted.voice.currency
        for ceiling in Ceiling.objects.filter(meter=Meter.MONEY, most__isnull=False):
            if ceiling.channel_id is None:
                yield from filter(None, [ceilings.objection(ceiling, wanted)])
            elif ceiling.channel_id == self.instance.pk and was != becomes:
                yield f"{ceiling} of this channel is in {was}: lift that ceiling first."

    def clean(self) -> dict[str, Any]:
        """Quiet hours that begin when they end would be none, or all day: nobody could tell."""
        data: dict[str, Any] = super().clean() or {}
        self._check_money(data)
        starts = data.get("quiet_from") or settings.QUIET_FROM
        if starts == (data.get("quiet_until") or settings.QUIET_UNTIL):
            self.add_error(
                "quiet_until", f"The quiet hours begin at {starts:%H:%M}; they cannot end then, too"
            )
        return data


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
