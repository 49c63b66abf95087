"""django-q2's ORM broker, on which the clocks of several machines need not agree."""

from datetime import UTC, datetime

from django_q.brokers.orm import ORM

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no type hints
    """A task is visible at once, to every machine.

    As it comes, a task is stamped with the clock of whoever queues it and hidden from everybody whose clock is behind:
    a sweep on a machine that is a minute fast would make every reply a minute late.
    """

    def enqueue(self, task: str) -> int:
        """Add a signed task and give its row's id."""
        row = self.get_connection().create(key=self.list_key, payload=task, lock=ALWAYS)
        return int(row.pk)
