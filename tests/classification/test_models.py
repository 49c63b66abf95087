from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from batches.models import Batch
from classification.append_only import AppendOnlyError
from classification.models import Classification


@pytest.fixture
def row(batch: Batch) -> Classification:
    created: Classification = Classification.objects.create(
        batch=batch, label="agree", engine="rules", latency_ms=1
    )
    return created


def test_it_refuses_a_change_of_a_row(row: Classification) -> None:
    row.label = "disagree"
    with pytest.raises(AppendOnlyError):
        row.save()


def test_it_refuses_the_deletion_of_a_row(row: Classification) -> None:
    with pytest.raises(AppendOnlyError):
        row.delete()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(label="disagree"),
        lambda rows: rows.bulk_update(list(rows.all()), ["label"]),
        lambda rows: rows.update_or_create(engine="rules", defaults={"label": "disagree"}),
        lambda rows: rows.filter(label="agree").delete(),
        lambda rows: rows.all().delete(),
    ],
)
def test_it_refuses_changes_of_many_rows(row: Classification, change: Any) -> None:
    with pytest.raises(AppendOnlyError), transaction.atomic():
        change(Classification.objects)
    assert Classification.objects.get().label == "agree"


def test_it_refuses_a_new_row_with_an_old_ones_key(row: Classification) -> None:
    again = Classification(pk=row.pk, batch=row.batch, label="disagree", latency_ms=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()
    assert Classification.objects.get().label == "agree"


def test_it_refuses_a_verdict_without_a_label(batch: Batch) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Classification.objects.create(batch=batch, label="", latency_ms=1)


def test_it_keeps_the_batch_of_a_classification(row: Classification) -> None:
    with pytest.raises(ProtectedError):
        Batch.objects.filter(pk=row.batch.pk).delete()


def test_it_keeps_every_verdict_on_a_batch(row: Classification) -> None:
    Classification.objects.create(batch=row.batch, label="disagree", latency_ms=1)
    assert [found.label for found in row.batch.classifications.all()] == ["disagree", "agree"]
