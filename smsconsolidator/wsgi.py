"""The WSGI application that the web server runs."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsconsolidator.settings")
django.setup(set_prefix=False)

from batches import deadline, drain  # noqa: E402  (applications are loaded by the line above)
from smsconsolidator import urls  # noqa: E402, F401  (now, so that the first message need not wait for it)
from smsconsolidator.handler import Handler  # noqa: E402

application = Handler()
deadline.start()
drain.start()
