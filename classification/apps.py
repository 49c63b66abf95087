from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class ClassificationConfig(AppConfig):
    name = "classification"

    def ready(self) -> None:
        from classification import ceilings, checks, prices
        from classification.rulesets import shipping

        register(checks.the_model_can_be_asked)
        register(checks.shipped_rules_are_live, Tags.database)
        post_migrate.connect(shipping.sync, sender=self)
        post_migrate.connect(prices.add_missing, sender=self)
        post_migrate.connect(ceilings.add_missing, sender=self)
