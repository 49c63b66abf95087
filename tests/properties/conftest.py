"""The world in which lives are lived."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from replies.senders import memory
from tests.properties.life import Life
from tests.support.databases import ON_POSTGRES

# Whether the judge sees a planted fault is no matter of the database; that takes long, and once is enough.
collect_ignore = ["test_planted_faults.py"] if ON_POSTGRES else []


@pytest.fixture
def life(transactional_db: None, settings: Any) -> Iterator[type[Life]]:
    # Set once: each setting that pytest-django's fixture changes is another layer upon all before it.
    settings.SMS_AUTO_REPLY_ENABLED, settings.CLASSIFICATION_MODE = True, "rules"
    settings.ADAPTIVE_WINDOW = "on"
    yield Life
    memory.reset()


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(transactional_db: None) -> Iterator[None]:
    """No process here dies for real, so nobody has to wait until PostgreSQL has written its log to disk."""
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql":
        connection.close()
        options["options"] = "-c synchronous_commit=off"
    yield
    options.pop("options", None)
