"""The words of a template and their variables: {name}, and nothing that Python would make more of."""

from collections.abc import Iterator, Mapping
from string import Formatter

# What may stand in braces, what it becomes, and an example for the preview.
VARIABLES: dict[str, tuple[str, str]] = {
    "name": ("the sender's name; not used for who has none", "Maria Santos"),
    "category": ("what the conversation is taken for", ""),
    "channel": ("the channel's name", ""),
    "count": ("the number of texts that are answered", "3"),
    "date": ("today, like 28 Nov 2026", ""),
    "time": ("now, like 14:05", ""),
}
KNOWN = ", ".join(f"{{{name}}}" for name in VARIABLES)


def variables(text: str) -> set[str]:
    """The names of the variables in `text`. Raises ValueError for anything else in braces, in words for people."""
    return {name for _, name in _parts(text) if name}


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its variables replaced; each value goes in as it is, and is never read again.

    Raises ValueError as `variables`, KeyError for one without a value.
    """
    return "".join(literal + (values[name] if name else "") for literal, name in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Each piece of plain text with the variable that follows it, if one does. `{{` and `}}` are plain braces."""
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        raise ValueError(
            "A brace stands alone. Variables are written {name}; for a plain brace, write {{ or }}."
        ) from None
    for literal, name, spec, conversion in pieces:
        if name is not None and (spec or conversion or name not in VARIABLES):
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ValueError(f"{{{written}}} is no variable. There are {KNOWN}.")
        yield literal, name or ""
