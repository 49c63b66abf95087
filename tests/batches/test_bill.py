"""What the model costs, in four ways of asking it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from batches.bill import Bill, consolidated
from batches.samples import make
from classification.memory import MAX_CHARACTERS
from classification.models import Price
from classification.rulesets.live import live
from tests.support.commands import as_json, printed

run = partial(printed, "estimate_bill")
document = partial(as_json, "estimate_bill")

pytestmark = pytest.mark.django_db

UNSURE = "blorp"  # a word that no rule knows
AT = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def _write(content: str) -> str:
        path = tmp_path / "messages.csv"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return _write


def calls(*conversations: list[str]) -> list[int]:
    bill = Bill(live())
    for texts in conversations:
        bill.add(texts)
    return [line.calls for line in bill.lines.values()]


class TestWindows:
    @pytest.mark.parametrize(
        ("messages", "found"),
        [
            ([], []),
            ([("a", 0, "1"), ("a", 59, "2")], [["1", "2"]]),
            ([("a", 0, "1"), ("a", 60, "2")], [["1"], ["2"]]),  # at its end the window is over
            (
                [("a", 0, "1"), ("a", 40, "2"), ("a", 80, "3")],
                [["1", "2"], ["3"]],
            ),  # it begins with the first
            ([("a", 0, "1"), ("b", 1, "2"), ("a", 2, "3")], [["1", "3"], ["2"]]),
            ([("a", 9, "2"), ("a", 0, "1")], [["1", "2"]]),  # a file need not be in order
            ([("a", 0, "1"), ("a", 0, "2")], [["1", "2"]]),
        ],
    )
    def test_they_are_those_of_the_service(self, messages: Any, found: list[list[str]]) -> None:
        timed = [(sender, AT + timedelta(seconds=second), text) for sender, second, text in messages]
        assert consolidated(timed, timedelta(seconds=60)) == found


class TestLines:
    @pytest.mark.parametrize(
        ("conversations", "found"),
        [
            ([["Yes", "see you", "thanks"]], [3, 1, 0, 0]),
            ([[UNSURE, UNSURE]], [2, 1, 1, 1]),
            ([[UNSURE], [UNSURE.upper() + "!"], ["Yes"]], [3, 3, 2, 1]),  # the same, but for case and marks
            ([[UNSURE * MAX_CHARACTERS]] * 2, [2, 2, 2, 2]),  # too long to be remembered
        ],
    )
    def test_calls(self, conversations: list[list[str]], found: list[int]) -> None:
        assert calls(*conversations) == found

    def test_tokens_and_cost_follow_the_calls(self, settings: Any) -> None:
        settings.OPENAI_MODEL = "m"
        Price.objects.create(model="m", input_per_million=1000, output_per_million=0)
        bill = Bill(live())
        bill.add(["Yes", "see you"])
        each, window, rules, memory = bill.as_dict()["lines"]
        assert each["input_tokens"] > window["input_tokens"] > 0
        assert each["cost"] == each["input_tokens"] / 1000
        assert each["cost_per_1000_messages"] == 500 * each["cost"]
        assert (each["fewer"], window["fewer"], window["calls_per_1000_messages"]) == (0, 0.5, 500)
        assert (rules["calls"], rules["cost"], memory["cost"]) == (0, 0, 0)

    def test_without_a_price_there_is_no_cost(self, settings: Any) -> None:
        settings.OPENAI_MODEL = "priceless"
        bill = Bill(live())
        bill.add(["Yes"])
        assert bill.as_dict()["lines"][0]["cost"] is None


class TestCommand:
    def test_the_sample_saves_two_calls_of_three(self) -> None:
        found = document(str(make.FILE))
        assert (found["messages"], found["conversations"], found["tokens_from"]) == (305, 96, "estimate")
        saved = {line["name"]: line["fewer"] for line in found["lines"]}
        assert saved["each_message"] == 0
        assert 0.66 <= saved["window"] <= saved["rules_first"] <= saved["memory"] < 1

    def test_the_sample_is_what_its_script_writes(self, tmp_path: Path) -> None:
        make.write(tmp_path / "again.csv")
        assert (tmp_path / "again.csv").read_bytes() == make.FILE.read_bytes()

    def test_a_table(self) -> None:
        text = run(str(make.FILE))
        for told in ("305 messages in 96 conversations", "69%", "Tokens: estimated", "$0."):
            assert told in text

    def test_the_window_can_be_set(self, write: Callable[[str], str]) -> None:
        file = write("sender,time,text\na,2026-03-02T08:00:00Z,Yes\na,2026-03-02T16:01:00+08:00,ok\n")
        assert (document(file)["conversations"], document(file, "--window", "61")["conversations"]) == (2, 1)
        assert (document(file)["senders"], document(file)["window"]) == (1, 60)

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("", "is empty"),
            ("sender,time,text\n", "has no rows"),
            ("sender,text\na,Yes\n", "has no column time"),
            (
                "sender,time,text\na,2026-03-02T08:00:00,Yes\na,yesterday,No\n",
                "row 2: 'yesterday' is no ISO time",
            ),
            ("sender,time,text\n ,2026-03-02T08:00:00,Yes\n", "row 1: has no sender"),
            ("sender,time,text\na,2026-03-02T08:00:00\n", "row 1: has not as many cells"),
        ],
    )
    def test_it_explains_a_file_that_it_cannot_use(
        self, write: Callable[[str], str], content: str, problem: str
    ) -> None:
        with pytest.raises(CommandError, match=problem):
            run(write(content))

    @pytest.mark.parametrize("window", ["0", "-1", "86401"])
    def test_it_takes_a_window_that_there_can_be(self, window: str) -> None:
        with pytest.raises(CommandError, match="--window: must be from 1 to 86400"):
            run(str(make.FILE), "--window", window)
