"""The counter in the browser has its own copy of the tables."""

import json
import re

import pytest
from django.contrib.staticfiles import finders

from replies import segments


def table(name: str) -> object:
    """What the script says that `name` is; its literals are JSON."""
    with open(str(finders.find("replies/segments.js")), encoding="utf-8") as file:
        found = re.search(rf"const {name} =\s*(.+?);\n", file.read(), re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("name", ["BASIC", "EXTENSION"])
def test_it_knows_the_same_alphabet(name: str) -> None:
    signs = str(table(name))
    assert (set(signs), len(signs)) == (getattr(segments, name), len(getattr(segments, name)))


def test_it_knows_the_same_limits() -> None:
    assert table("LIMITS") == {str(encoding): list(both) for encoding, both in segments.LIMITS.items()}


def test_it_makes_the_same_of_a_misfit() -> None:
    assert table("SUBSTITUTES") == segments.SUBSTITUTES
