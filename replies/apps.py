from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "replies"

    def ready(self) -> None:
        from classification.rulesets.objections import CHECKS
        from replies import checks, content  # noqa: F401 (registers the checks)

        CHECKS.append(content.objections)
