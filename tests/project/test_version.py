"""The version stands in one place, and is shown wherever somebody asks for it."""

import re
import tomllib

import pytest
from django.test import Client
from django.urls import reverse

from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR


def test_it_is_written_once() -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "smsconsolidator.__version__"}
    files = [
        path for path in BASE_DIR.glob("smsconsolidator/**/*.py") if __version__ in path.read_text("utf-8")
    ]
    assert [path.name for path in files] == ["__init__.py"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["index", "batches_batch_changelist", "batches_batch_report", "batches_channel_changelist"]
)
def test_every_page_of_the_admin_ends_with_it(admin_client: Client, page: str) -> None:
    answer = admin_client.get(reverse(f"admin:{page}")).content.decode()
    assert len(re.findall(rf"smsconsolidator {re.escape(__version__)}</p>", answer)) == 1


def test_strangers_do_not_read_it_at_the_log_in(client: Client, db: None) -> None:
    assert __version__ not in client.get(reverse("admin:login")).content.decode()
