"""The lines of `.env`. What python-dotenv cannot read it passes over, and the default would hold in silence."""

import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import Binding, parse_stream

from smsconsolidator.env.environment import Environment


def names_given(path: Path) -> list[str]:
    """What the lines of `path` give values to, each once; nothing where there is no such file.

    Raises ImproperlyConfigured for a file that is no text.
    """
    return list(dict.fromkeys(str(line.key) for line in _statements(path) if line.value is not None))


def unreadable(path: Path) -> list[str]:
    """A sentence for each line that gives no value to any name.

    Raises as names_given(). Of a line's text only the name of a setting is told: the rest may be a secret, and so may a
    name that nobody knows.
    """
    return [_explain(line) for line in _statements(path) if line.error or (line.key and line.value is None)]


def _statements(path: Path) -> list[Binding]:
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8") as file:
            return list(parse_stream(file))
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path} is not UTF-8 text") from None


def _explain(line: Binding) -> str:
    text = line.original.string
    begins = text.lstrip()
    number = line.original.line + text[: len(text) - len(begins)].count("\n")
    found = re.match(r"(?:export\s+)?(\w+)", begins)
    name = found[1].upper() if found else ""
    if name.lower() not in Environment.model_fields:
        return f"line {number} is none: write NAME=value, or # before a comment"
    return f"line {number}, {name}: write {name}=value, a value with blanks or # between two quotes"
