"""`manage.py webhook_token`: makes, lists and revokes the tokens with which a phone or provider may post."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse
from rich.table import Table

from batches.access import REMEMBERED, issue, revoke
from batches.channels import DEFAULT
from batches.management import named
from batches.management.tokens import TokenCommand
from batches.models import LABEL_LENGTH, Channel, ChannelToken
from classification.terminal import cells, show


class Command(TokenCommand):
    help = (
        "Makes a webhook token for a channel and prints the address with it, once: only its hash is stored."
        " Several may be valid at once. To replace one: make another, change the phone or provider, revoke the old one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel", help="the channel's name, for example: default")
        parser.add_argument(
            "--create-channel", action="store_true", help="make the channel if it is not there"
        )
        parser.add_argument("--label", default="", metavar="L", help="who will hold the token")
        self.add_token_arguments(
            parser, "channel", type=int, metavar="ID", help="end a token of the channel instead"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        channel = _channel(options["channel"], options["create_channel"])
        if options["list"]:
            self._list(channel, options["json"])
        elif options["revoke"] is not None:
            self._revoke(channel, options["revoke"], options["json"])
        else:
            self._issue(channel, options)

    def _issue(self, channel: Channel, options: dict[str, Any]) -> None:
        if len(options["label"]) > LABEL_LENGTH:
            raise CommandError(f"--label: must not be longer than {LABEL_LENGTH} characters")
        row, secret = issue(channel, options["label"], options["days"])
        url = settings.SITE_URL + reverse("webhook", args=[channel.slug, secret])
        if options["json"]:
            self.print_json(_document(row) | {"token": secret, "url": url})
            return
        lines = [f"Token {row.pk} of channel {channel.slug}, shown this once:", f"  {url}"]
        if channel.slug == DEFAULT:
            lines += [
                f"or, as a header, for {settings.SITE_URL}{reverse('sms-received')}:",
                f"  Authorization: Bearer {secret}",
            ]
        self.stdout.write("\n".join(lines))

    def _revoke(self, channel: Channel, token_id: int, as_json: bool) -> None:
        if not revoke(channel, token_id):
            raise CommandError(
                f"Channel {channel.slug} has no token {token_id} that could be revoked: see --list"
            )
        row = channel.tokens.get(pk=token_id)
        if as_json:
            self.print_json(_document(row))
        else:
            self.stdout.write(
                f"Token {row.pk} ({row}) is revoked; no process takes it after {REMEMBERED} seconds."
            )

    def _list(self, channel: Channel, as_json: bool) -> None:
        rows = list(channel.tokens.all())
        if as_json:
            self.print_json({"channel": channel.slug, "tokens": [_document(row) for row in rows]})
            return
        show(self.stdout, _table(channel, rows))


def _channel(slug: str, create: bool) -> Channel:
    if create or slug == DEFAULT:
        try:
            Channel(slug=slug).clean_fields()
        except ValidationError as error:
            reasons = " ".join(error.messages)
            raise CommandError(f"{slug!r} cannot be a channel's name: {reasons}") from None
        return Channel.objects.get_or_create(slug=slug)[0]
    channel = Channel.objects.filter(slug=slug).first()
    if channel is None:
        known = named.known_channels()
        raise CommandError(f"There is no channel {slug!r} (there are: {known}). To make it: --create-channel")
    return channel


def _document(row: ChannelToken) -> dict[str, Any]:
    names = ("created_at", "expires_at", "revoked_at", "last_used_at")
    times = {name: at.isoformat() if (at := getattr(row, name)) else None for name in names}
    named = {"id": row.pk, "channel": row.channel.slug, "label": row.label, "prefix": row.prefix}
    return named | {"state": row.state} | times


def _table(channel: Channel, rows: list[ChannelToken]) -> Table:
    table = Table(title=f"Webhook tokens of channel {channel.slug} (times in UTC)")
    for heading in ("Id", "Label", "Begins with", "State", "Created", "Expires", "Last used"):
        table.add_column(heading, justify="right" if heading == "Id" else "left")
    for row in rows:
        times = (_minute(row.created_at), _minute(row.expires_at), _minute(row.last_used_at))
        table.add_row(*cells(str(row.pk), row.label or "–", str(row), row.state, *times))
    return table


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "–"
