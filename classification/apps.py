from django.apps import AppConfig
from django.core.checks import register


class ClassificationConfig(AppConfig):
    name = "classification"

    def ready(self) -> None:
        from classification.checks import openai_has_a_key

        register(openai_has_a_key)
