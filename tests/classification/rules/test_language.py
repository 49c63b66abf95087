"""Which language a conversation seems to be written in."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from classification.engines.rules.engine import MAX_CHARACTERS, Rules, rules_of
from classification.engines.rules.packs import shipped

GOLDEN = Path(__file__).parents[3] / "classification" / "golden"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return rules_of(shipped())


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["Yes I can help you with that"], "en"),
        (["sige po pupunta ako"], "tl"),
        (["yes", "pupunta ako bukas"], "tl"),
        (["SIGE PO"], "tl"),
        (["dili ko makaadto karon"], "ceb"),
        (["wen umayak"], "ilo"),
        (["ok"], ""),
        (["👍"], ""),
        ([""], ""),
        ([], ""),
        (["qwxzy 123"], ""),
    ],
)
def test_it_is_heard_by_the_words(rules: Rules, texts: list[str], language: str) -> None:
    assert rules.language(texts) == language


def test_it_reads_the_end_of_a_flood(rules: Rules) -> None:
    assert rules.language(["yes I can help " * MAX_CHARACTERS, "pupunta ako bukas " * MAX_CHARACTERS]) == "tl"


@pytest.mark.parametrize(
    ("file", "language", "right", "wrong"),
    [
        ("en", "en", 0.94, 0.015),
        ("ph", "tl", 0.93, 0.015),
        ("ph", "ilo", 0.9, 0.06),
        ("ph", "ceb", 0.65, 0.3),
    ],
)
def test_it_knows_the_golden_sentences(
    rules: Rules, file: str, language: str, right: float, wrong: float
) -> None:
    with (GOLDEN / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        heard = Counter(
            rules.language([row["text"]]) for row in csv.DictReader(lines) if row["lang"] == language
        )
    assert heard[language] / heard.total() >= right
    assert 1 - (heard[language] + heard[""]) / heard.total() <= wrong
