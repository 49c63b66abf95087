"""The lines of `.env`. What python-dotenv cannot read it passes over, and the default would hold in silence."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import Binding, parse_stream

from smsconsolidator.env.environment import Environment

LIKE_A_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def names_given(path: Path) -> list[str]:
    """What the lines of `path` give values to, each once; nothing where there is no such file.

    Raises ImproperlyConfigured for a file that is no text, or that may not be read.
    """
    return list(dict.fromkeys(str(line.key) for line in _statements(path) if line.value is not None))


def unknown_names(path: Path) -> list[str]:
    """A sentence for each name in `path` that is no setting, most often a slip of the pen."""
    known = [name.upper() for name in Environment.model_fields]
    return [_unknown(name, path, known) for name in names_given(path) if name.upper() not in known]


def _unknown(name: str, path: Path, known: Collection[str]) -> str:
    """A name in small letters that is like no setting may be the end of a secret that was broken over two lines."""
    close = get_close_matches(name.upper(), known, n=1)
    told = name if close or LIKE_A_NAME.fullmatch(name) else f"What a line begins with “{name[:2]}…”"
    return f"{told} in {path} is not a setting." + (f" Is it {close[0]}?" if close else "")


def unreadable(path: Path) -> list[str]:
    """A sentence for each line that gives no value to any name.

    Raises as names_given(). Of a line's text only the name of a setting is told: the rest may be a secret, and so may a
    name that nobody knows.
    """
    return [_explain(line) for line in _statements(path) if line.error or (line.key and line.value is None)]


def _statements(path: Path) -> list[Binding]:
    try:
        if not path.is_file():
            return []
        with path.open(encoding="utf-8") as file:
            return list(parse_stream(file))
    except PermissionError:  # whoever edits it as root may have made it root's
        raise ImproperlyConfigured(
            f"{path} is not to be read by the user of this process: chown it to the service's user, mode 600"
        ) from None
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
