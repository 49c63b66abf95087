"""The time limit on what is asked of the database. Collected on PostgreSQL only."""

import pytest
from django.db import OperationalError, connection

from batches import deadline

pytestmark = pytest.mark.django_db(transaction=True)


def _sleep() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")


def test_it_ends_what_is_asked_after_an_interruption_too() -> None:
    deadline.start()
    with deadline.within(0.1):
        for _ in range(3):
            with pytest.raises(OperationalError):
                _sleep()
            connection.close()  # and with it what the interruption may still have in hand
            assert deadline.is_over()
    assert not deadline.is_over()
