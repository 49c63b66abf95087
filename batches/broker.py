"""django-q2's ORM broker, on which the clocks of several machines need not agree, and with fewer statements."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import sleep

from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from batches.clock import Now
from classification import rows

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no type hints
    """A task is visible at once, to every machine, and handed out by the database's clock.

    As it comes, a task is stamped with the clock of whoever queues it and hidden from everybody whose clock is behind:
    a sweep on a machine that is a minute fast would make every reply a minute late.
    """

    def enqueue(self, task: str) -> int:
        """Add a signed task and give its row's id."""
        return self.enqueue_all([task])[0]

    def enqueue_all(self, tasks: Sequence[str]) -> list[int]:
        """Add signed tasks in one statement and give their rows' ids."""
        queued = [OrmQ(key=self.list_key, payload=task, lock=ALWAYS) for task in tasks]
        return [row.pk for row in self.get_connection().bulk_create(queued)]

    def dequeue(self) -> list[tuple[int, str]]:
        """The ids and payloads of up to `bulk` tasks, the oldest first: nobody else gets them for `retry` seconds.

        As django-q2's, it waits `poll` seconds when there is none.
        """
        waiting = self.get_connection().filter(key=self.list_key, lock__lt=Now()).order_by("id")
        found = dict(waiting.values_list("id", "payload")[: Conf.BULK])
        if not found:
            sleep(Conf.POLL)
            return []
        free = {"id": list(found), "lock": rows.Sql(f"< {rows.now()}")}  # others may have been faster
        taken = rows.update_returning(OrmQ, free, rows.Sql("id"), lock=rows.now(Conf.RETRY))
        return [(task_id, found[task_id]) for task_id in sorted(row[0] for row in taken)]

    def delete(self, task_id: int) -> None:
        """Take a task that is done out of the queue."""
        self.get_connection()  # which gives up one that is too old
        rows.delete(OrmQ, task_id)
