"""docs/configure.md agrees with the program, and every page's links lead somewhere."""

import re
from pathlib import Path

import pytest

from batches.models import Channel
from smsconsolidator.env import BASE_DIR, Environment
from tests.project.test_env import examples

PAGE = BASE_DIR / "docs/configure.md"
PAGES = [BASE_DIR / "README.md", *sorted((BASE_DIR / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(((?!https?:)[^)#\s]*)(?:#([^)\s]+))?\)")


def table(heading: str) -> list[list[str]]:
    """The rows of the section's table, each cell's names in backticks alone."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_defaults_are_the_programs() -> None:
    rows = table("What to look at first")
    told = {names(row[0])[0]: "".join(names(row[1])) for row in rows}
    assert len(told) == len(rows) == 12
    assert told == {name: examples()[name] for name in told}


def test_every_name_is_a_setting() -> None:
    named = {name for name in names(PAGE.read_text("utf-8")) if re.fullmatch(r"[A-Z][A-Z_]{3,}", name)}
    assert len(named) > 30
    assert named <= {name.upper() for name in Environment.model_fields}


def test_the_channels_own_settings_are_those_that_say_what_they_are_without() -> None:
    told = {
        field: setting
        for own, else_ in ([*map(names, row)] for row in table("A channel's own, and the environment's"))
        for field, setting in zip(own, else_, strict=True)
    }
    helped = {
        field.name: found[1]
        for field in Channel._meta.get_fields()
        if (
            found := re.search(
                r"(?:Empty: (?:as )?|Unknown: as )([A-Z_]{4,})\b", getattr(field, "help_text", "")
            )
        )
    }
    assert told == helped


def anchors(page: Path) -> set[str]:
    """As web pages of a repository name them: lower case, no marks, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        there = (page.parent / target) if target else page
        assert there.exists(), target
        assert not anchor or there.suffix != ".md" or anchor in anchors(there), f"{target}#{anchor}"


def test_every_page_can_be_found_from_the_readme() -> None:
    found = {BASE_DIR / "README.md"}
    seen: set[Path] = set()
    while new := found - seen:
        seen |= new
        links = {page.parent / target for page in new for target, _ in LINK.findall(page.read_text("utf-8"))}
        found |= {link.resolve() for link in links if link.suffix == ".md"}
    assert {page.resolve() for page in PAGES} <= found
