"""What pydantic finds wrong with a rule set, in words for people who have never heard of it."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from classification.engines.rules.document import RULE_NAME, SLUG
from classification.labels import SLUG_LENGTH

Place = tuple[int | str, ...]

WHOLE = "This is no rule set: one has categories, rules and a lexicon."
PATTERNS = {
    RULE_NAME: "must be letters, digits, _, . and - alone, without spaces",
    SLUG: f"must be small letters (a to z), digits, _ and - alone, {SLUG_LENGTH} at most, the first a letter or digit",
}
# By pydantic's name of what is wrong; what stands in braces is what it tells of it.
TOLD = {
    "missing": "is missing",
    "extra_forbidden": "is unknown here",
    "model_type": "must be an object that names its fields",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have {max_length} characters at most",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be {ge} at least",
    "less_than_equal": "must be {le} at most",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}: another version of the software has written it",
    "value_error": "{error}",
}


def problems(error: ValidationError) -> Iterator[tuple[Place, str]]:
    """Where something is wrong, and what. A list is not called empty as well when its only line is wrong."""
    found = error.errors()
    places = [problem["loc"] for problem in found]
    for problem in found:
        at = problem["loc"]
        if not any(place != at and place[: len(at)] == at for place in places):
            yield at, _told(problem)


def _told(problem: ErrorDetails) -> str:
    if not problem["loc"] and problem["type"] == "model_type":
        return WHOLE
    details = problem.get("ctx", {})
    if (pattern := details.get("pattern")) in PATTERNS:
        return PATTERNS[pattern]
    known = TOLD.get(problem["type"])
    return known.format_map(details) if known else problem["msg"]
