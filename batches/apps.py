from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BatchesConfig(AppConfig):
    name = "batches"
    verbose_name = "Conversations"

    def ready(self) -> None:
        from batches import checks, roles, schedules, security, shipped_keywords  # noqa: F401 (models load after this module)

        post_migrate.connect(schedules.sync, sender=self)
        post_migrate.connect(shipped_keywords.sync, sender=self)
        post_migrate.connect(roles.sync_roles, sender=self)
