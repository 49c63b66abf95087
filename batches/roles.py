"""Who may do what in the admin: three groups, made and kept right after every migration.

A data migration could not do it: Django creates the permissions themselves after all migrations have run, and a
permission that a later version adds would reach no group that an earlier migration has made. Users and groups are
left to superusers, for whoever may edit users can make himself one.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEWER = {
    "batches.view_batch",  # with its messages and events as one story
    "batches.view_message",
    "batches.view_rejecteddelivery",
    "batches.view_senderpreference",
    "batches.view_takeover",
    "replies.view_reply",
    "replies.view_replyattempt",
    "replies.view_consent",
    "replies.view_switch",
    "replies.view_template",  # with its history
    "replies.view_mute",
    "classification.view_ceiling",
    "classification.view_classification",
    "classification.view_circuit",
    "classification.view_ruleset",
    "classification.view_correction",
}
OPERATOR = VIEWER | {
    "batches.reprocess_batch",
    "batches.resend_batch",
    "batches.export_batch",
    "batches.export_message",
    "batches.take_over",  # answers a conversation himself
    "batches.view_keyword",
    "batches.add_senderpreference",
    "batches.change_senderpreference",
    "batches.export_senderpreference",
    "replies.record_consent",  # opts numbers out and in
    "replies.export_consent",
    "replies.lift_mute",
    "classification.change_circuit",  # has the model tried again now
    "classification.view_category",
    "classification.view_rule",  # with the draft's page and the playground
    "classification.view_lexiconentry",
    "classification.add_correction",  # judges verdicts, and has people answered anew
    "django_q.view_failure",
}
SUPERVISOR = OPERATOR | {
    "batches.view_channel",
    "batches.change_channel",
    "batches.change_credentials",
    "replies.throw_switch",  # stops replies and lets them go on
    "batches.add_keyword",
    "batches.change_keyword",
    "batches.delete_keyword",
    "replies.add_template",
    "replies.change_template",
    "replies.delete_template",
    "batches.delete_senderpreference",
    "batches.import_senderpreference",
    *(
        f"classification.{verb}_{model}"
        for verb in ("add", "change", "delete")
        for model in ("category", "rule", "lexiconentry", "price", "ceiling")
    ),
    "classification.publish_ruleset",
    "classification.override_ruleset",
    "classification.view_price",
    "axes.view_accessattempt",
    "axes.delete_accessattempt",  # lets somebody in again
    "django_q.view_schedule",
    "django_q.view_success",
    "django_q.view_ormq",
}
ROLES = {"viewer": VIEWER, "operator": OPERATOR, "supervisor": SUPERVISOR}


def sync_roles(using: str = "default", **_kwargs: Any) -> None:
    """Give each role's group exactly the role's permissions; other groups are the administrator's own.

    Raises LookupError for a permission that does not exist.
    """
    for label in sorted({name.split(".")[0] for name in SUPERVISOR}):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    with transaction.atomic(using=using):
        for role, names in ROLES.items():
            if missing := names - known.keys():
                raise LookupError(f"{role}: no such permission: {', '.join(sorted(missing))}")
            group, _ = Group.objects.using(using).get_or_create(name=role)
            group.permissions.set(known[name] for name in names)
