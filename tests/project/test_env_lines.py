"""Lines of `.env` that python-dotenv would pass over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smsconsolidator.env import BASE_DIR
from smsconsolidator.env.lines import names_given, unknown_names, unreadable
from tests.project.test_firstrun import first_run

SECRET = "sk-hunter22"
NO_LINE = "is none: write NAME=value, or # before a comment"


def written(folder: Path, text: str) -> Path:
    (folder / ".env").write_text(text, encoding="utf-8")
    return folder / ".env"


@pytest.mark.parametrize(
    "line",
    [
        "LOG_MASK true",
        "log_mask true",
        "export LOG_MASK true",
        "LOG_MASK: true",
        "LOG_MASK",
        'LOG_MASK="true',
        "LOG_MASK=\"true\" 'x'",
    ],
)
def test_one_that_is_to_set_something_is_named_with_its_setting(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, f"PORT=8001\n\n# masked\n\n{line}\n")
    told = "line 5, LOG_MASK: write LOG_MASK=value, a value with blanks or # between two quotes"
    assert unreadable(file) == [told]
    assert names_given(file) == ["PORT"]


@pytest.mark.parametrize(
    "line",
    [
        f"OPENAI_API_KEY {SECRET}",
        f"OPENAI_API_KEY: {SECRET}",
        f'OPENAI_API_KEY="{SECRET}',
        SECRET,
        f"={SECRET}",
        f"x {SECRET}",
    ],
)
def test_no_word_of_it_is_told_that_may_be_a_secret(tmp_path: Path, line: str) -> None:
    [told] = unreadable(written(tmp_path, line))
    assert "hunter22" not in told
    assert told.startswith("line 1")
    assert ("OPENAI_API_KEY" in told) == ("OPENAI_API_KEY" in line)
    assert names_given(tmp_path / ".env") == []


def test_all_are_told(tmp_path: Path) -> None:
    told = unreadable(written(tmp_path, "LOG_MASK true\nPORT=1\nhello there\nWORKERS 2"))
    assert [sentence.partition(":")[0] for sentence in told] == [
        "line 1, LOG_MASK",
        "line 3 is none",
        "line 4, WORKERS",
    ]
    assert told[1] == f"line 3 {NO_LINE}"


def test_every_other_line_can_be_read(tmp_path: Path) -> None:
    text = "# a\n\nA=1 # why\n B = 'two\nlines'\nexport C=\nD=\"x\"\r\nA=2\nE=a b"
    file = written(tmp_path, text)
    assert unreadable(file) == []
    assert names_given(file) == ["A", "B", "C", "D", "E"]
    assert unreadable(BASE_DIR / ".env.example") == unreadable(BASE_DIR / "deploy/env.example") == []
    assert unreadable(tmp_path / "none") == []


def test_it_stops_the_start(tmp_path: Path) -> None:
    file = written(tmp_path, f"DJANGO_SECRET_KEY={'k' * 50}\nLOG_MASK true\nOPENAI_API_KEY {SECRET}\n")
    refused = first_run(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Lines of {file} cannot be read:\n  line 2, LOG_MASK: ")
    assert "line 3, OPENAI_API_KEY: " in refused.stderr
    assert "hunter22" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_name_that_is_no_setting_is_pointed_out(tmp_path: Path) -> None:
    sentences = unknown_names(written(tmp_path, "CONSOLIDATION_WINDOWS=3\nPORT=8001\n"))
    assert len(sentences) == 1
    assert sentences[0].endswith("is not a setting. Is it CONSOLIDATION_WINDOW?")


def test_a_piece_of_a_secret_is_not_told_as_a_name(tmp_path: Path) -> None:
    """The second line of a key that was broken in two: its "=" makes a name of it."""
    [sentence] = unknown_names(written(tmp_path, "DJANGO_SECRET_KEY=aXbY\nqZ81ysKdTfGh2LmN=\n"))
    assert "qZ81ysKdTfGh2LmN" not in sentence
    assert sentence.startswith("What a line begins with “qZ…” in ")


def test_a_file_that_the_service_may_not_read_is_told_in_one_line(tmp_path: Path) -> None:
    """Root has written it anew, say. Root itself may read everything: here it is nobody who asks."""
    file = written(tmp_path, "PORT=8001\n")
    file.chmod(0)
    ask = "import sys, pathlib; from smsconsolidator.env import lines; lines.unreadable(pathlib.Path(sys.argv[1]))"
    reader = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*reader, sys.executable, "-c", ask, str(file)], cwd=BASE_DIR, capture_output=True, text=True
    )
    assert f"ImproperlyConfigured: {file} is not to be read by the user of this process" in done.stderr
