"""The command that tells how well an engine reads."""

import csv
import json
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from batches.models import Batch
from classification import prices
from classification.corrections import split_of
from classification.engines.rules.packs import shipped
from classification.models import Circuit, Classification, Correction, Price, RuleSet, Split
from tests.classification.conftest import judge
from tests.classification.test_corrections import judged
from tests.support.commands import as_json, printed
from tests.support.openai_server import OpenAIServer, answer, http_error

run = partial(printed, "evaluate_classifier")
document = partial(as_json, "evaluate_classifier")

pytestmark = pytest.mark.django_db

FILE = """\
text,label,lang,source
Yes,agree,en,mine
"Sige
ay hindi pala, di ako pwede",disagree,tl,mine
"Where, exactly?",neutral,en,theirs
I cannot,agree,en,theirs
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a file; gives its path."""

    def _write(content: str | bytes, name: str = "cases.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return _write


def table_counts() -> list[int]:
    return [model.objects.count() for model in (Classification, Correction, Circuit, Batch)]


class TestMeasures:
    def test_json(self, write: Callable[..., str]) -> None:
        found = document(write(FILE))
        assert (found["engine"], found["rows"], found["accuracy"], found["swaps"]) == ("rules", 4, 0.75, 0.25)
        assert (found["agree_precision"], found["refusals_as_agree"]) == (1.0, 0.0)
        assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
        assert found["labels"]["agree"] == {
            "precision": 1.0,
            "recall": 0.5,
            "f1": pytest.approx(2 / 3),
            "support": 2,
        }
        assert found["confusion"] == {
            "agree": {"agree": 1, "disagree": 1},
            "disagree": {"disagree": 1},
            "neutral": {"neutral": 1},
        }
        assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p99"] <= found["latency_ms"]["max"]
        assert (found["tokens"], found["failed"]) == ({"input": 0, "output": 0}, {})

    def test_the_same_for_each_source_and_language(self, write: Callable[..., str]) -> None:
        found = document(write(FILE))
        whole = found.keys() - {"engine", "ruleset", "file", "by_source", "by_lang"}
        rows = {name: part["rows"] for name, part in (found["by_source"] | found["by_lang"]).items()}
        assert rows == {"mine": 2, "theirs": 2, "en": 3, "tl": 1}
        assert found["by_source"]["theirs"]["accuracy"] == 0.5
        assert all(part.keys() == whole for part in found["by_lang"].values())

    def test_tables(self, write: Callable[..., str]) -> None:
        text = run(write(FILE + "No,disagree,xx,[bold]\x1b[31mred\n"))
        for told in ("0.800", "20.0%", "[bold][U+001B][31mred", "What each was read as"):
            assert told in text
        assert "\x1b[31m" not in text

    def test_columns_of_a_language_or_source_may_be_missing(self, write: Callable[..., str]) -> None:
        found = document(write("label,text,note\nagree,Yes,=1+1\n"))
        assert (found["rows"], found["by_source"], found["by_lang"]) == (1, {}, {})

    def test_a_burst_is_read_as_several_texts(self, server: OpenAIServer, write: Callable[..., str]) -> None:
        server.next(answer("disagree"))
        document("--engine", "openai", write('text,label\n"Yes\r\n\r\nwait, no",disagree\n'))
        sent = json.loads(server.requests[0].body["messages"][-1]["content"])
        assert sent["texts"] == ["Yes", "wait, no"]


class TestEngines:
    def test_a_published_rule_set(self, write: Callable[..., str]) -> None:
        changed = shipped().model_dump(mode="json")
        changed["rules"] = [
            {"name": "sorry", "category": "agree", "patterns": ["exactly", "👍"], "strength": "explicit"}
        ]
        number = 1000
        RuleSet.objects.create(number=number, document=changed, digest="sorry", origin="draft")
        found = document(write(FILE), "--ruleset", str(number))
        assert found["ruleset"] == number
        assert found["confusion"] != document(write(FILE))["confusion"]

    def test_a_rule_set_that_is_not_there(self, write: Callable[..., str]) -> None:
        with pytest.raises(CommandError, match="there is no rule set 4711"):
            run(write(FILE), "--ruleset", "4711")

    def test_the_configured_model_is_really_asked(
        self, server: OpenAIServer, write: Callable[..., str]
    ) -> None:
        for label in ("agree", "disagree", "neutral", "agree"):
            server.next(answer(label))
        found = document("--engine", "openai", write(FILE))
        assert (found["accuracy"], len(server.requests)) == (1.0, 4)
        assert found["tokens"]["input"] > 0

    def test_it_adds_up_the_cost(self, server: OpenAIServer, write: Callable[..., str]) -> None:
        assert document(write(FILE))["cost"] == 0
        prices.table.cache_clear()
        found = document("--engine", "openai", write("text,label\nYes,agree\n"))
        assert found["cost"] is None  # no price is known
        Price.objects.create(model="test-model", input_per_million=2, output_per_million=10)
        prices.table.cache_clear()
        found = document("--engine", "openai", write("text,label\nYes,agree\n"))
        tokens = found["tokens"]
        assert found["cost"] == pytest.approx((2 * tokens["input"] + 10 * tokens["output"]) / 1e6)
        assert found["cost"] > 0

    def test_a_conversation_without_a_verdict_is_told(
        self, server: OpenAIServer, write: Callable[..., str]
    ) -> None:
        server.next(answer("agree"))
        server.next(http_error(400, "no"))
        server.next(answer("neutral"))
        server.next(answer("agree"))
        out = StringIO()
        with pytest.raises(CommandError, match="1 of 4 conversations got no verdict: bad_request"):
            call_command("evaluate_classifier", write(FILE), "--engine", "openai", "--json", stdout=out)
        found = json.loads(out.getvalue())
        assert (found["failed"], found["confusion"]["disagree"]) == ({"bad_request": 1}, {"undecided": 1})

    def test_a_service_that_is_away_is_not_asked_to_the_end(
        self, server: OpenAIServer, write: Callable[..., str]
    ) -> None:
        for _ in range(5):
            server.next(http_error(400, "no"))
        rows = "Yes,agree\n" * 50
        with pytest.raises(CommandError, match="openai: no verdict 5 times in a row: bad_request"):
            run(write(f"text,label\n{rows}"), "--engine", "openai")
        assert len(server.requests) == 5

    def test_nothing_is_stored(self, server: OpenAIServer, write: Callable[..., str]) -> None:
        for _ in range(5):
            server.next(http_error(400, "no"))
        before = table_counts()
        run(write(FILE))
        with pytest.raises(CommandError):
            run(write("text,label\n" + "Yes,agree\n" * 5), "--engine", "openai")
        assert table_counts() == before


class TestPredictions:
    def test_they_are_the_files_rows_in_order(self, write: Callable[..., str], tmp_path: Path) -> None:
        odd = 'source,text,label,extra\n,"a ""quoted""\r\nline, and=",neutral,=1+1\n\u2028x,Oo,agree,\u2028\n'
        out = tmp_path / "out.csv"
        run(write("\ufeff" + odd), "--predictions", str(out))
        with out.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows == [
            ["source", "text", "label", "extra", "pred"],
            ["", 'a "quoted"\r\nline, and=', "neutral", "=1+1", "neutral"],
            ["\u2028x", "Oo", "agree", "\u2028", "agree"],
        ]

    def test_earlier_ones_are_replaced(self, write: Callable[..., str], tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        run(write("pred,text,label\nneutral,Yes,agree\n"), "--predictions", str(out))
        assert out.read_text(encoding="utf-8").splitlines() == ["pred,text,label", "agree,Yes,agree"]

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            (["--predictions", "out.csv"], "--predictions needs FILE.csv"),
            (["{file}", "--predictions", "{dir}/no/such/out.csv"], "No such file or directory"),
        ],
    )
    def test_where_they_cannot_be_written(
        self, write: Callable[..., str], tmp_path: Path, arguments: list[str], problem: str
    ) -> None:
        named = [one.format(file=write(FILE), dir=tmp_path) for one in arguments]
        with pytest.raises(CommandError, match=problem):
            run(*named)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("text,label\n", "has no rows"),
        ("text,lang\nYes,en\n", "has no column label"),
        ("a,b\n1,2\n", "has no column text and no column label"),
        ("text,label,text\nYes,agree,No\n", "a name of its own"),
        ("text,label\nYes,agree\nNo,maybe\n", r"row 2: 'maybe' is no category of the rule set \(agree, "),
        ('text,label\n"Yes\nsure",agree\nNo,\n', "row 2: '' is no category"),
        ("text,label\nYes,undecided\n", "row 1: 'undecided' is no category"),
        ("text,label\nYes\n", "row 1: has not as many cells"),
        ("text,label\nYes,agree,en\n", "row 1: has not as many cells"),
        ('text,label\n"Yes"!,agree\n', "row 1: ',' expected"),
        (b'text,label\n"Yes\nsure",agree\nS\xed,agree\n', "row 2: is not UTF-8"),
        (b"text,label\nYes,agree\n\xedS,agree\n", "row 2: is not UTF-8"),
        (b"text,label\n\nYes,agree\n\n\xedS,agree\n", "row 2: is not UTF-8"),
        (b"t\xe9xt,label\n", "the header: is not UTF-8"),
        ("text,label\nYes,agree\n".encode("utf-16"), "the header: is not UTF-8"),
    ],
)
def test_it_explains_a_file_that_it_cannot_use(
    write: Callable[..., str], content: str | bytes, problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        run(write(content))


def test_it_explains_a_file_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        run("/no/such/file.csv")


class TestCorrections:
    def test_without_a_file_it_reads_the_evaluation_half(self) -> None:
        ana = User.objects.create_user("ana")
        for number in range(16):
            verdict = judged("I cannot", sender=f"+63917{number:07}", label="agree", review="sample")
            judge(verdict, ana, "disagree" if number % 2 else "neutral")
        expected = Correction.objects.filter(split=Split.EVAL)
        found = document()
        right = expected.filter(corrected="disagree").count()
        assert 0 < found["rows"] == expected.count() < 16
        assert found["accuracy"] == right / expected.count()
        assert list(found["by_source"]) == ["sample"]

    def test_of_several_judgements_the_last_counts(self) -> None:
        sender = next(f"+63917{n:07}" for n in range(100) if split_of(f"+63917{n:07}") == Split.EVAL)
        verdict = judged("I cannot", sender=sender)
        judge(verdict, User.objects.create_user("ana"), "agree")
        judge(verdict, User.objects.create_user("ben"), "disagree")
        assert (document()["rows"], document()["accuracy"]) == (1, 1.0)

    def test_with_none_it_says_so(self) -> None:
        with pytest.raises(CommandError, match="no corrections to evaluate with yet"):
            run()
