"""The checks that Django itself can make."""

import os
import subprocess
import sys

import pytest
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
