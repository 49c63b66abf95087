"""The project's settings for tests: nothing of the developer's own environment or `.env` but the database."""

import os
import tempfile
from pathlib import Path

KEEP = {"DATABASE_URL"}

os.environ["ENV_FILE"] = os.devnull
from smsconsolidator.env import Environment  # noqa: E402

for name in Environment.model_fields:
    if name.upper() not in KEEP:
        os.environ.pop(name.upper(), None)
os.environ["DJANGO_SECRET_KEY"] = "only-for-tests-" * 4
os.environ["SMS_SENDER"] = "memory"
os.environ["SPOOL_PATH"] = f"{tempfile.gettempdir()}/smsconsolidator-test-{os.getpid()}/spool.sqlite3"
os.environ["WEBHOOK_OPEN"] = "true"
os.environ["CLASSIFICATION_REVIEW_SAMPLE"] = "0"  # no test is reviewed by chance
# Tests let one sender write often and the same; those of the limits set them.
for name in (
    "SENDER_REPLIES_PER_MINUTE",
    "SENDER_REPLIES_PER_HOUR",
    "SENDER_REPLIES_PER_DAY",
    "REPEATED_TEXTS",
):
    os.environ[name] = "0"

from smsconsolidator.settings import *  # noqa: E402, F403
from smsconsolidator.settings import DATABASES  # noqa: E402

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file as in real use, not SQLite's shared memory, which locks whole tables and has no write-ahead log.
    _file = Path(tempfile.gettempdir()) / f"smsconsolidator-test-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": _file}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
