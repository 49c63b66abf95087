"""The checks that Django itself can make."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.checks import Tags, run_checks
from django.core.management import call_command

from smsconsolidator.env import BASE_DIR


@pytest.mark.django_db
def test_it_has_a_migration_for_every_change_of_a_model() -> None:
    call_command("makemigrations", check=True, dry_run=True)


def test_it_passes_the_deployment_checks_behind_https() -> None:
    server = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": "sqlite://:memory:",
        "DJANGO_SECRET_KEY": "Qk3-vR8_tY1xZ6bN0mC5wL2pJ7hG4fD9sA-eUiOqWzXrTyVbNm",
        "HTTPS": "true",
        "TRUSTED_PROXIES": "127.0.0.1",
        "ALLOWED_HOSTS": "sms.example.org",
        "OPENAI_API_KEY": "sk-not-a-real-key",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, cwd=BASE_DIR, env=server, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_command_on_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    server = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3",
        "DJANGO_SECRET_KEY": "Qk3-vR8_tY1xZ6bN0mC5wL2pJ7hG4fD9sA-eUiOqWzXrTyVbNm",
    }
    command = [sys.executable, "manage.py", "reprocess_batches"]
    ran = subprocess.run(command, cwd=BASE_DIR, env=server, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.endswith("Bring it up to date: python manage.py migrate\n")
    assert "Traceback" not in ran.stderr


def test_the_documentation_names_every_check() -> None:
    documented = re.findall(
        r"^\| `(\w+\.[EWI]\d+)` \|", (BASE_DIR / "docs/security.md").read_text(), re.MULTILINE
    )
    made = {
        found
        for app in ("batches", "replies", "classification", "smsconsolidator")
        for file in (BASE_DIR / app).rglob("*.py")
        for found in re.findall(r'\bid="(\w+\.[EWI]\d+)"', file.read_text())
    }
    assert sorted(documented) == sorted(made)


def test_every_page_of_the_admin_passes_its_checks() -> None:
    """`check` alone may look before the pages are there: they are loaded with the addresses."""
    importlib.import_module("smsconsolidator.urls")

    assert len(admin.site._registry) > 20
    assert run_checks(tags=[Tags.admin]) == []


PAGES_LOADED = """
import sys, django
django.setup()
from django.core.management import get_commands, load_command_class
import batches.tasks
for name, app in get_commands().items():
    if app in ("batches", "classification", "replies"):
        load_command_class(app, name)
print([name for name in sys.modules if name.endswith(".admin")])
"""


def test_workers_and_commands_do_not_load_the_pages() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    told = subprocess.run(
        [sys.executable, "-c", PAGES_LOADED],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "['django.contrib.admin']"


def test_who_has_read_enough_sees_no_traceback() -> None:
    """manage.py doctor | head -3."""
    read, write = os.pipe()
    os.close(read)
    given = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": "of-the-tests-of-checks-" * 3,
    }
    command = [sys.executable, "manage.py", "help"]
    ran = subprocess.run(command, cwd=BASE_DIR, env=given, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (1, "")
