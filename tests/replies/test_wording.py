import pytest

from replies.wording import VARIABLES, fill, variables

VALUES = {name: f"<{name}>" for name in VARIABLES}


@pytest.mark.parametrize(
    ("text", "filled", "named"),
    [
        ("", "", set()),
        ("Salamat po!", "Salamat po!", set()),
        ("Hi {name}, {count} texts.", "Hi <name>, <count> texts.", {"name", "count"}),
        (
            "{date} {time} {channel} {category}",
            "<date> <time> <channel> <category>",
            set(VARIABLES) - {"name", "count"},
        ),
        ("{name}{name}", "<name><name>", {"name"}),
        ("{{name}} is {name}", "{name} is <name>", {"name"}),
        ("a }} and a {{", "a } and a {", set()),
        ("100% %s $name ñ ₱", "100% %s $name ñ ₱", set()),
    ],
)
def test_it_fills_in_what_it_knows(text: str, filled: str, named: set[str]) -> None:
    assert (fill(text, VALUES), variables(text)) == (filled, named)


@pytest.mark.parametrize(
    "text",
    [
        "{nme}", "{Name}", "{ name}", "{name }", "{}", "{0}", "{name!r}", "{name:>10}", "{name.__class__}",
        "{name[0]}", "{name.__class__.__mro__[1].__subclasses__}", "{count:{name}}",
        "{", "}", "a { b", "{name", "name}", "{{{name}}",
    ],
)  # fmt: skip
def test_it_refuses_everything_else_in_braces(text: str) -> None:
    for use in (variables, lambda text: fill(text, VALUES)):
        with pytest.raises(ValueError, match=r"is no variable\. There are|A brace stands alone"):
            use(text)


def test_it_says_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"^\{nme\} is no variable\. There are \{name\}, \{category\}"):
        variables("Hi {nme}")


def test_a_value_is_never_read_again() -> None:
    assert fill("Hi {name}", VALUES | {"name": "{count} {0.__class__} }"}) == "Hi {count} {0.__class__} }"
