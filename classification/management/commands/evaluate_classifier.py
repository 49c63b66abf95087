"""`manage.py evaluate_classifier`: how well an engine reads conversations whose meaning is known."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from classification.asking import ENGINES
from classification.csv_rows import BadFile
from classification.evaluation import report, running
from classification.evaluation.cases import Case, corrected, load
from classification.management.named import ruleset
from classification.rulesets.live import Live
from classification.terminal import show

PREDICTED = "pred"


class Command(BaseCommand):
    help = (
        "Reads conversations whose meaning is known and tells how often the engine is right. FILE.csv has the columns"
        " text (a line for each SMS of a burst) and label (a category's slug), and possibly lang, source and question;"
        " without it, the evaluation half of people's corrections is read. Nothing is stored. The exit code is 1 for a"
        " file that cannot be used and when the engine failed."
        " JSON: engine, ruleset (number), file, rows, accuracy, macro_f1, swaps (share of agreement read as refusal or"
        " the reverse), refusals_as_agree, agree_precision, labels.LABEL.{precision,recall,f1,support},"
        " confusion.TRUE.PREDICTED, latency_ms.{p50,p99,max}, tokens.{input,output}, cost (US dollars, null where no"
        " price is known), failed.CODE; and by_source.SOURCE and by_lang.LANG with the same keys from rows on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="labelled conversations")
        parser.add_argument(
            "--engine", choices=list(ENGINES), default="rules", help="who reads (default: rules)"
        )
        parser.add_argument(
            "--ruleset", type=int, metavar="N", help="a published rule set (default: the live one)"
        )
        parser.add_argument(
            "--predictions",
            type=Path,
            metavar="OUT.csv",
            help=f"write FILE's rows with the column {PREDICTED}",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of tables")

    def handle(self, *_args: Any, **options: Any) -> None:
        rules = ruleset(options["ruleset"])
        cases = _cases(options, rules)
        answers = _read(cases, options, rules)
        if options["predictions"]:
            _write(options["predictions"], cases, [answer.label for answer in answers])
        judged = list(zip(cases, answers, strict=True))
        self._print(judged, options, rules)
        if failed := [answer for answer in answers if answer.failure]:
            codes = ", ".join(sorted({answer.failure for answer in failed}))
            raise CommandError(f"{len(failed)} of {len(answers)} conversations got no verdict: {codes}")

    def _print(self, judged: Sequence[report.Judged], options: dict[str, Any], rules: Live) -> None:
        whole = report.measure(judged, rules.document)
        by_source = report.parts(judged, rules.document, lambda case: case.source)
        by_lang = report.parts(judged, rules.document, lambda case: case.lang)
        if options["json"]:
            document = {
                "engine": options["engine"],
                "ruleset": rules.number,
                "file": str(options["file"]) if options["file"] else None,
                **whole.as_dict(),
                "by_source": {name: part.as_dict() for name, part in by_source.items()},
                "by_lang": {name: part.as_dict() for name, part in by_lang.items()},
            }
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
            return
        title = f"{options['engine']}, rule set {rules.number}"
        show(self.stdout, report.tables(title, whole, by_source, by_lang))


def _cases(options: dict[str, Any], rules: Live) -> list[Case]:
    labels = [category.slug for category in rules.document.categories]
    if options["file"] is None:
        if options["predictions"]:
            raise CommandError("--predictions needs FILE.csv")
        if cases := corrected(labels):
            return cases
        raise CommandError("there are no corrections to evaluate with yet: name a FILE.csv")
    try:
        return load(options["file"], labels)
    except BadFile as problem:
        raise CommandError(str(problem)) from None


def _read(cases: Sequence[Case], options: dict[str, Any], rules: Live) -> list[running.Answer]:
    console = Console(stderr=True)
    conversations = [(case.texts, case.question) for case in cases]
    read = running.read_all(running.reader(options["engine"], rules), conversations)
    silent = options["json"] or not console.is_terminal
    try:
        return list(track(read, "Reading", total=len(cases), console=console, disable=silent))
    except running.EngineAway as problem:
        raise CommandError(f"{options['engine']}: {problem}") from None


def _write(path: Path, cases: Sequence[Case], labels: Sequence[str]) -> None:
    """The file's own rows, unchanged and in order: it goes to the machine that scores them, not to a spreadsheet."""
    names = list(dict.fromkeys([*cases[0].columns, PREDICTED]))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(
                {**case.columns, PREDICTED: label} for case, label in zip(cases, labels, strict=True)
            )
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
