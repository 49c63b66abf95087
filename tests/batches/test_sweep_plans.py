"""What the sweep asks of a database with a long history: the indexes of open work, and no table as a whole."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.clock import Now
from batches.closing import close_due, end_impossible_leases, reap
from batches.models import Batch
from batches.sweep import until_next_due
from tests.batches.conftest import arrive, closed
from tests.batches.test_metrics_plans import WHOLE, long_history, plan


@pytest.mark.django_db
def test_it_reads_no_history() -> None:
    long_history()
    batch = closed("Yes")
    Batch.objects.filter(id=batch.id).update(lease_until=Now() + timedelta(hours=1))
    arrive("No", sender="+639171234500")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        until_next_due()
        assert (close_due(), reap(), end_impossible_leases()) == (0, 0, 1)
    of_batches = [query["sql"] for query in asked if "batches_batch" in query["sql"]]
    assert len(of_batches) == 4
    for sql in of_batches:
        found = plan(sql)
        assert not WHOLE[connection.vendor].search(found), f"{sql}\n{found}"
