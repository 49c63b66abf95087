"""What the commands that make, list and revoke tokens have in common."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from batches.access import LONGEST_DAYS
from batches.management.numbers import between


class TokenCommand(BaseCommand):
    """Makes a token, unless --list or --revoke is given."""

    requires_system_checks: list[str] = []  # the server has told what is odd about the settings

    def add_token_arguments(self, parser: CommandParser, whose: str, **revoke: Any) -> None:
        """How long, and what instead. `whose` tokens they are, for people; `revoke` says what --revoke takes."""
        days, forever = between(int, 1, LONGEST_DAYS), "how long it is valid (default: until revoked)"
        parser.add_argument("--days", type=days, metavar="N", help=forever)
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--list", action="store_true", help=f"show the {whose}'s tokens instead")
        other.add_argument("--revoke", **revoke)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def print_json(self, document: dict[str, Any]) -> None:
        """For machines."""
        self.stdout.write(json.dumps(document, indent=2))
