"""What `manage.py` commands print."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command


def printed(command: str, *arguments: str) -> str:
    """On stdout, for people."""
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def as_json(command: str, *arguments: str) -> dict[str, Any]:
    """With --json, for machines."""
    document: dict[str, Any] = json.loads(printed(command, "--json", *arguments))
    return document
