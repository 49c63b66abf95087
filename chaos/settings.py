"""The project's settings, with a cluster that tells the process ids of its workers, pusher and monitor."""

from smsconsolidator.settings import *  # noqa: F403
from smsconsolidator.settings import LOGGING

LOGGING["loggers"]["django-q"] = {"level": "INFO"}
