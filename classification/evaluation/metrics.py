"""Measures of verdicts against the truth. Pure: no database, no rounding."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classification.labels import Meaning


@dataclass(frozen=True)
class LabelScore:
    """One label of the truth. `support` is the number of rows that have it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Shares are 0..1. `agree_precision` is None where nothing was read as agreement, `refusals_as_agree` where
    the truth holds no refusal: a share of nothing says nothing.

    `macro_f1` is the mean over the labels of the truth; `swaps` is the share of rows where one side counts as
    agreement and the other as refusal, the error that costs most. `confusion[truth][predicted]` counts rows.
    """

    rows: int
    accuracy: float
    macro_f1: float
    swaps: float
    refusals_as_agree: float | None
    agree_precision: float | None
    labels: Mapping[str, LabelScore]
    confusion: Mapping[str, Mapping[str, int]]


def score(truth: Sequence[str], predicted: Sequence[str], meanings: Mapping[str, Meaning]) -> Scores:
    """The measures of `predicted` against `truth`; `meanings` tells what a label counts as (unknown: neutral).

    Raises ValueError when there are no rows, or not as many predictions as truths.
    """
    pairs = list(zip(truth, predicted, strict=True))
    if not pairs:
        raise ValueError("nothing to score")
    meant = [(_meaning(said, meanings), _meaning(read, meanings)) for said, read in pairs]
    labels = {label: _label_score(label, pairs) for label in sorted(set(truth))}
    return Scores(
        rows=len(pairs),
        accuracy=sum(said == read for said, read in pairs) / len(pairs),
        macro_f1=sum(one.f1 for one in labels.values()) / len(labels),
        swaps=sum({said, read} == {Meaning.AGREE, Meaning.DISAGREE} for said, read in meant) / len(pairs),
        refusals_as_agree=_share(read == Meaning.AGREE for said, read in meant if said == Meaning.DISAGREE),
        agree_precision=_share(said == Meaning.AGREE for said, read in meant if read == Meaning.AGREE),
        labels=labels,
        confusion=_confusion(pairs),
    )


def _meaning(label: str, meanings: Mapping[str, Meaning]) -> Meaning:
    return meanings.get(label, Meaning.NEUTRAL)


def _label_score(label: str, pairs: Sequence[tuple[str, str]]) -> LabelScore:
    support = sum(said == label for said, _ in pairs)
    claimed = sum(read == label for _, read in pairs)
    right = sum(said == read == label for said, read in pairs)
    return LabelScore(
        precision=right / claimed if claimed else 0.0,
        recall=right / support,
        f1=2 * right / (support + claimed),
        support=support,
    )


def _share(hits: Iterable[bool]) -> float | None:
    found = list(hits)
    return sum(found) / len(found) if found else None


def _confusion(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for said, read in pairs:
        counts.setdefault(said, Counter())[read] += 1
    return {said: dict(row) for said, row in sorted(counts.items())}
