"""`manage.py api_token`: makes, lists and revokes the tokens with which programs use the API."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from knox.models import AuthToken
from rich.table import Table
from rich.text import Text

from batches.management.tokens import TokenCommand
from classification.terminal import show


class Command(TokenCommand):
    help = (
        "Makes a token for a user and prints it, once: only its hash is stored. Its holder may do what the user may,"
        " so make a user for each program, without a password and with the permissions that it needs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the user's name")
        self.add_token_arguments(
            parser, "user", metavar="BEGINNING", help="end the token that begins so instead"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        if options["list"]:
            self._list(user, options["json"])
        elif options["revoke"] is not None:
            self._revoke(user, options["revoke"], options["json"])
        else:
            self._issue(user, options["days"], options["json"])

    def _issue(self, user: User, valid_for: int | None, as_json: bool) -> None:
        if not user.is_active:
            raise CommandError(f"{user} is not active: no token of that user would be taken.")
        row, secret = AuthToken.objects.create(user, expiry=timedelta(days=valid_for) if valid_for else None)
        if as_json:
            self.print_json(_document(row) | {"token": secret})
        else:
            self.stdout.write(f"Token of {user}, shown this once:\n  Authorization: Token {secret}")

    def _revoke(self, user: User, beginning: str, as_json: bool) -> None:
        rows = list(AuthToken.objects.filter(user=user, token_key__startswith=beginning)) if beginning else []
        if len(rows) != 1:
            raise CommandError(f"{user} has {len(rows)} tokens that begin with {beginning!r}: see --list")
        document = _document(rows[0])
        rows[0].delete()
        if as_json:
            self.print_json(document)
        else:
            self.stdout.write(f"The token {document['begins_with']}… of {user} is revoked.")

    def _list(self, user: User, as_json: bool) -> None:
        rows = list(AuthToken.objects.filter(user=user).order_by("created"))
        if as_json:
            self.print_json({"user": user.username, "tokens": [_document(row) for row in rows]})
            return
        table = Table(title=f"API tokens of {user} (times in UTC)")
        for heading in ("Begins with", "Made", "Valid until"):
            table.add_column(heading)
        for row in rows:
            until = f"{row.expiry:%Y-%m-%d %H:%M}" if row.expiry else "it is revoked"
            table.add_row(*map(Text, (f"{row.token_key}…", f"{row.created:%Y-%m-%d %H:%M}", until)))
        show(self.stdout, table)


def _document(row: Any) -> dict[str, Any]:
    return {
        "user": row.user.username,
        "begins_with": row.token_key,
        "created_at": row.created.isoformat(),
        "expires_at": row.expiry.isoformat() if row.expiry else None,
    }
