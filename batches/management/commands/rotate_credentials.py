"""`manage.py rotate_credentials`: encrypt every channel's credentials anew with the first of CREDENTIALS_KEYS."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand
from rich.table import Table

from batches.credentials import CredentialsUnreadable, rotate
from batches.models import Channel
from classification.terminal import show

ROTATED, UNREADABLE, CHANGED = "rotated", "unreadable", "changed meanwhile"


class Command(BaseCommand):
    help = "Encrypt the channels' credentials with the first key; afterwards the other keys can be dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="only print a fresh key to put first")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *_: Any, **options: Any) -> None:
        """Exits with 1 when something is left that the first key does not decrypt."""
        if options["new_key"]:
            self.stdout.write(Fernet.generate_key().decode())
            return
        done = {channel.slug: _rotate(channel) for channel in Channel.objects.exclude(credentials="")}
        if options["json"]:
            self.stdout.write(json.dumps(done))
        else:
            show(self.stdout, _table(done) if done else "No channel has credentials of its own.")
        if set(done.values()) - {ROTATED}:
            sys.exit(1)


def _table(done: dict[str, str]) -> Table:
    table = Table("Channel", "Credentials")
    for slug, outcome in done.items():
        table.add_row(slug, outcome)
    return table


def _rotate(channel: Channel) -> str:
    """Only what was read is replaced: credentials that somebody saves at the same time stay."""
    try:
        fresh = rotate(channel.credentials)
    except CredentialsUnreadable:
        return UNREADABLE
    mine = Channel.objects.filter(pk=channel.pk, credentials=channel.credentials)
    return ROTATED if mine.update(credentials=fresh) else CHANGED
