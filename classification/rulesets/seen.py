"""What somebody has looked at, as a digest: whether it has changed since is found out when he acts on it."""

import hashlib

from django.db import models

from classification.rulesets.drafts import PARTS


def row(found: models.Model) -> str:
    """SHA-256 of all that a row of the draft says; it is to come out of the database, not out of a form."""
    return _digest([getattr(found, field.attname) for field in found._meta.concrete_fields])


def draft() -> str:
    """The same of all rows: unlike the document's, it knows what is switched off, and what is broken."""
    tables = [table for _, table, _, _ in PARTS.values()]
    return _digest([list(table._default_manager.order_by("pk").values_list()) for table in tables])


def _digest(values: list[object]) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()
