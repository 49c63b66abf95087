"""Every field that can hold text is known to purging and erasing: this fails when one is added and not named."""

import re

from django.apps import apps
from django.db import models

from batches.retention.inventory import KEPT, KEPT_TABLES, PLACES
from classification.append_only import AppendOnly
from smsconsolidator.env import BASE_DIR

TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.GenericIPAddressField,
    models.BinaryField,
    models.FileField,
)
HELP = "Say in batches/retention/inventory.py what purging and erasing do with it (PLACES), or why it stays (KEPT)."


def text_fields(model: type[models.Model]) -> set[str]:
    """Those that are not one of a fixed choice of words."""
    fields = model._meta.concrete_fields
    return {field.name for field in fields if isinstance(field, TEXT) and not field.choices}


def named(label: str) -> set[str]:
    treated = {name for place in PLACES if place.label == label for name in place.fields}
    return treated | KEPT.get(label, {}).keys()


def test_every_text_has_its_treatment() -> None:
    missing = [
        f"{model._meta.label}.{name}"
        for model in apps.get_models()
        if model._meta.label not in KEPT_TABLES
        for name in sorted(text_fields(model) - named(model._meta.label))
    ]
    assert not missing, HELP


def test_nothing_is_named_that_is_not_there() -> None:
    labels = {model._meta.label: model for model in apps.get_models()}
    mentioned = {place.label for place in PLACES} | KEPT.keys()
    assert mentioned | KEPT_TABLES.keys() <= labels.keys()
    gone = {f"{label}.{name}" for label in mentioned for name in named(label) - text_fields(labels[label])}
    assert not gone


def test_a_field_has_one_treatment() -> None:
    for place in PLACES:
        treatments = [*place.blank, *place.rewrite, *place.numbers, *place.ids]
        assert len(treatments) == len(set(treatments))
        assert not set(treatments) & KEPT.get(place.label, {}).keys()


def test_no_other_application_of_ours_is_kept_as_a_whole() -> None:
    assert not [
        label for label in KEPT_TABLES if label.startswith(("batches.", "classification.", "replies."))
    ]


def test_the_record_has_one_door_and_one_who_uses_it() -> None:
    apps_of_ours = ("batches", "classification", "replies", "smsconsolidator")
    files = [path for app in apps_of_ours for path in (BASE_DIR / app).rglob("*.py")]
    using = {
        str(path.relative_to(BASE_DIR))
        for path in files
        if re.search(r"\.redact_rows\(", path.read_text("utf-8"))
    }
    assert using == {"batches/retention/rows.py"}
    assert issubclass(apps.get_model("replies.Consent"), AppendOnly)
