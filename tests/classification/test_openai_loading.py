"""What the engine costs those who have no key."""

import os
import subprocess
import sys

WITHOUT_KEY = """
import sys, django
django.setup()
from django.core.management import call_command
from classification.services import classify
call_command("migrate", verbosity=0)
print(classify(["oo"]).label, "openai" in sys.modules)
"""


def test_it_loads_the_package_only_when_it_is_used() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "smsconsolidator.settings",
        "DJANGO_SECRET_KEY": "only-for-tests-" * 4,
        "DATABASE_URL": "sqlite://:memory:",
    }
    command = [sys.executable, "-c", WITHOUT_KEY]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "agree False\n"
