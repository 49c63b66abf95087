"""How well an engine read: measures of the whole and of its parts, for machines and for people."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table

from classification.engines.rules.document import Document
from classification.evaluation.cases import Case
from classification.evaluation.metrics import Scores, score
from classification.evaluation.running import Answer
from classification.ranks import nearest_rank
from classification.terminal import cells

Judged = tuple[Case, Answer]


@dataclass(frozen=True)
class Measures:
    """One group of conversations. Latencies are in milliseconds; `cost` is in US dollars, None where unknown."""

    scores: Scores
    latency_ms: Mapping[str, float]
    tokens: Mapping[str, int]
    cost: Decimal | None
    failed: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For machines: one flat object."""
        return {
            **asdict(self.scores),
            "latency_ms": {name: round(value, 3) for name, value in self.latency_ms.items()},
            "tokens": dict(self.tokens),
            "cost": None if self.cost is None else float(self.cost),
            "failed": dict(self.failed),
        }


def measure(judged: Sequence[Judged], document: Document) -> Measures:
    """The measures of these answers, by what the rule set's categories count as."""
    meanings = {category.slug: category.counts_as for category in document.categories}
    answers = [answer for _, answer in judged]
    costs = [answer.cost for answer in answers]
    return Measures(
        score([case.label for case, _ in judged], [answer.label for answer in answers], meanings),
        _latencies([answer.milliseconds for answer in answers]),
        {
            "input": sum(answer.input_tokens for answer in answers),
            "output": sum(answer.output_tokens for answer in answers),
        },
        None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
        dict(Counter(answer.failure for answer in answers if answer.failure)),
    )


def parts(judged: Sequence[Judged], document: Document, which: Callable[[Case], str]) -> dict[str, Measures]:
    """The same for each value of a column; nothing where the column is empty."""
    groups: dict[str, list[Judged]] = {}
    for case, answer in judged:
        groups.setdefault(which(case), []).append((case, answer))
    return {name: measure(group, document) for name, group in sorted(groups.items()) if name}


def tables(
    title: str, whole: Measures, by_source: Mapping[str, Measures], by_lang: Mapping[str, Measures]
) -> Group:
    """For people."""
    summary = _summary(title, [{"all": whole}, by_source, by_lang])
    return Group(summary, _labels(whole.scores), _confusion(whole.scores))


def _latencies(milliseconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {"p50": nearest_rank(ordered, 50), "p99": nearest_rank(ordered, 99), "max": ordered[-1]}


def _summary(title: str, sections: Sequence[Mapping[str, Measures]]) -> Table:
    table = Table(title=title)
    table.add_column("")
    names = (
        "Rows",
        "Accuracy",
        "Macro-F1",
        "Swaps",
        "Refusal as agree",
        "AGREE precision",
        "ms p50",
        "p99",
        "max",
        "Cost",
    )
    for name in names:
        table.add_column(name, justify="right")
    for groups in sections:
        for name, group in groups.items():
            table.add_row(*cells(name), *_cells(group))
        table.add_section()
    return table


def _cells(group: Measures) -> Iterator[str]:
    scores, latency = group.scores, group.latency_ms
    yield str(scores.rows)
    yield f"{scores.accuracy:.3f}"
    yield f"{scores.macro_f1:.3f}"
    yield _share(scores.swaps)
    yield _share(scores.refusals_as_agree)
    yield "–" if scores.agree_precision is None else f"{scores.agree_precision:.3f}"
    yield from (f"{latency[name]:.2f}" for name in ("p50", "p99", "max"))
    yield "–" if group.cost is None else f"${group.cost:.4f}"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _labels(scores: Scores) -> Table:
    table = Table(title="Each label")
    table.add_column("Label")
    for name in ("Rows", "Precision", "Recall", "F1"):
        table.add_column(name, justify="right")
    for label, one in scores.labels.items():
        table.add_row(
            label, str(one.support), *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1))
        )
    return table


def _confusion(scores: Scores) -> Table:
    read = sorted({label for row in scores.confusion.values() for label in row} | set(scores.confusion))
    table = Table(title="What each was read as")
    table.add_column("Is")
    for label in read:
        table.add_column(label, justify="right")
    for label, row in scores.confusion.items():
        table.add_row(label, *(str(row.get(one, 0)) for one in read))
    return table
