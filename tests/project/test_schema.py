"""The migrations end in what the models say, also where they take their own ways for a service that is running."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import Model

from batches.models import Batch
from tests.batches.conftest import arrive

pytestmark = pytest.mark.django_db
OWN = ("batches", "classification", "replies")
MODELS = [model for app in OWN for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_constraint_and_index_of_a_model_is_in_the_database(model: type[Model]) -> None:
    named = {one.name for one in (*model._meta.constraints, *model._meta.indexes)}
    with connection.cursor() as cursor:
        assert named <= connection.introspection.get_constraints(cursor, model._meta.db_table).keys()


if connection.vendor == "postgresql":  # SQLite knows no half-made ones

    def test_none_is_left_half_made() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT conname FROM pg_constraint WHERE NOT convalidated")
            assert cursor.fetchall() == []
            cursor.execute("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid")
            assert cursor.fetchall() == []


def test_a_batch_carries_no_less_than_nothing() -> None:
    batch = arrive("Yes")
    with pytest.raises(IntegrityError, match="batch_carry_overs_counted"):
        Batch.objects.filter(id=batch.id).update(carry_overs=-1)
