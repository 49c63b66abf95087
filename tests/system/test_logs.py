"""The operators' scripts, run over what the processes of a real system have printed."""

import json

import pytest

from tests.system.stories import TEXTS, Story


@pytest.fixture(params=["readable", "masked"])
def story(request: pytest.FixtureRequest, stories: dict[str, Story]) -> Story:
    return stories[request.param]


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ('grep "CONSOLIDATION STARTED" $LOG | wc -l', ["4"]),
        ("grep \"BATCH RECEIVED\" $LOG | grep -oP 'Count: \\K\\d+' | sort", ["1", "1", "1", "3"]),
        ('grep "CONSOLIDATED CLASSIFICATION.*OpenAI" $LOG | wc -l', ["3"]),
        ('grep "CONSOLIDATED CLASSIFICATION.*Rule-based" $LOG | wc -l', ["1"]),
        ('grep "AUTO-REPLY SENT" $LOG | wc -l', ["3"]),
        ('grep "AUTO-REPLY FAILED (batch)" $LOG | wc -l', ["1"]),
        ('grep "DUPLICATE IGNORED" $LOG | wc -l', ["1"]),
        ('grep "CONSOLIDATION TIMEOUT" $LOG | wc -l', ["4"]),
        ('grep "BATCH PROCESSING COMPLETE" $LOG | wc -l', ["4"]),
        ('grep -c "└─ Message [123]/3 | GUID: " $LOG', ["3"]),
    ],
)
def test_it_answers_the_operators_scripts(story: Story, script: str, lines: list[str]) -> None:
    assert story.grep(script) == lines


def test_it_shows_every_trouble_to_the_error_script(story: Story) -> None:
    [line] = story.grep('grep "ERROR\\|FAILED" $LOG')

    assert "AUTO-REPLY FAILED (batch)" in line


def test_the_report_has_the_same_figures(story: Story) -> None:
    """The rows and the log tell of the same run, by the scripts that operators had before there was a report."""
    report, automatic = story.report, story.report["replies"]["automatic"]
    counts = story.grep("grep \"BATCH RECEIVED\" $LOG | grep -oP 'Count: \\K\\d+'")

    assert report["batches"] == _lines(story, "CONSOLIDATION STARTED") == len(counts)
    assert report["messages"] == sum(map(int, counts))
    assert report["verdicts"]["openai"] == _lines(story, "CONSOLIDATED CLASSIFICATION.*OpenAI")
    assert report["verdicts"]["rules"] == _lines(story, "CONSOLIDATED CLASSIFICATION.*Rule-based")
    assert automatic["sent"] == _lines(story, "AUTO-REPLY SENT")
    assert report["troubles"]["replies_refused"] == _lines(story, "AUTO-REPLY FAILED (batch)")
    assert sum(report["troubles"].values()) == _lines(story, "ERROR\\|FAILED")
    assert report["settled"] == _lines(story, "BATCH PROCESSING COMPLETE")


def _lines(story: Story, words: str) -> int:
    return len(story.grep(f'grep "{words}" $LOG'))


def test_it_prints_no_text_and_no_number_when_masked(stories: dict[str, Story]) -> None:
    story = stories["masked"]
    printed = story.log.read_text("utf-8")

    digits = [sender.removeprefix("+63") for sender in story.senders]
    private = [*TEXTS, "Sorry", "Hello?", "Sure", "Thanks for confirming", "Thank you for replying", *digits]
    # A GUID is no personal data, and one of ours quotes a number.
    printed = printed.replace(f"repeated-{story.senders[1]}", "")
    assert [words for words in private if words in printed] == []


def test_it_prints_the_lines_of_the_contract_word_for_word(stories: dict[str, Story]) -> None:
    story = stories["readable"]
    sender = story.senders[0]
    printed = [line.split(" ", 3)[-1] for line in story.grep("cat $LOG")]

    wanted = [
        f"CONSOLIDATION STARTED | From: {sender} | Message 1 buffered, waiting 2s for more...",
        f"CONSOLIDATION UPDATE | From: {sender} | Message 2 buffered, total messages: 2",
        f"CONSOLIDATION TIMEOUT | From: {sender} | Processing 3 buffered message(s)",
        f"BATCH RECEIVED | From: {sender} | Count: 3",
        f"CONSOLIDATED CLASSIFICATION ✓ AGREE | From: {sender} | Method: OpenAI | Messages: 3",
        f'AUTO-REPLY SENT (batch) | To: {sender} | Messages: 3 | "Thanks for confirming! See you soon."',
        f"BATCH PROCESSING COMPLETE | From: {sender} | Result: AGREE | Messages: 3",
        f"DUPLICATE IGNORED | GUID: repeated-{story.senders[1]} | From: {story.senders[1]}",
    ]
    assert [line for line in wanted if printed.count(line) != 1] == []


def test_it_prints_one_json_object_a_line(stories: dict[str, Story]) -> None:
    lines = [json.loads(line) for line in stories["silent"].grep("cat $LOG")]

    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)


def test_it_gives_machines_the_fields_of_each_step(stories: dict[str, Story]) -> None:
    lines = [json.loads(line) for line in stories["silent"].grep('grep "BATCH PROCESSING COMPLETE" $LOG')]

    found = {line["sender"]: (line["count"], line["result"], line["outcome"]) for line in lines}
    agreeing, declining, *_ = stories["silent"].senders
    assert found[agreeing] == (3, "AGREE", "disabled")
    assert found[declining] == (1, "NOT AGREE", "disabled")
