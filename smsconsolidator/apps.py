"""The project as an application of its own: for what begins in every process. It has no models."""

from django.apps import AppConfig
from django.conf import settings

from smsconsolidator import prepared, telemetry


class ProjectConfig(AppConfig):
    name = "smsconsolidator"

    def ready(self) -> None:
        telemetry.start(settings.ENV)
        prepared.start()
