"""The project's settings as tests use them: nothing of the developer's own environment or `.env` but the database."""

import os

KEEP = {"DATABASE_URL", "REDIS_URL"}

os.environ["ENV_FILE"] = os.devnull
from smsconsolidator.env import Environment  # noqa: E402

for name in Environment.model_fields:
    if name.upper() not in KEEP:
        os.environ.pop(name.upper(), None)
os.environ["DJANGO_SECRET_KEY"] = "only-for-tests-" * 4
os.environ["SMS_SENDER"] = "memory"

from smsconsolidator.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
