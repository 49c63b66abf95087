"""Reports and replays read the database of REPORT_DATABASE_URL, and nothing can be written there. Collected on
PostgreSQL only. There is no replication here: a second database of the same server stands for the replica, with rows
that the first has not, so that it shows which one was read."""

import json
from urllib.parse import urlsplit

import psycopg

from tests.system.conftest import StartService

ROWS = """
    INSERT INTO batches_batch (channel_id, sender, sender_kind, status, outcome, label, message_count,
                               opened_at, closes_at, closed_at, completed_at)
    SELECT min(id), '+639170000001', 'number', 'completed', 'disabled', 'agree', 1, now() - interval '1 hour',
           now() - interval '59 minutes', now() - interval '59 minutes', now() - interval '59 minutes'
      FROM batches_channel;
    INSERT INTO batches_message (channel_id, batch_id, provider_message_id, sender, sender_raw, sender_kind, text,
                                 sent_at_raw, received_at, payload)
    SELECT channel_id, id, 'only-there', sender, sender, 'number', 'Yes, I can', '', opened_at, '{}' FROM batches_batch;
"""
ASK = """
import json
from datetime import timedelta
from django.db import connections
from django.db.utils import InternalError
from django.utils import timezone
from batches.models import Batch
from batches.replaying import chosen, replay
from batches.reporting.gathering import Period, gather
from classification.evaluation import running
from classification.rulesets.live import live
report = gather(Period(timezone.now() - timedelta(hours=24), timezone.now()), bill=True)
ids = chosen(Batch.objects.all(), None)
texts = [one.text for one in replay(ids, running.reader("rules", live()), live())]
refused = []
next_id = "SELECT nextval('batches_batch_id_seq')"
for statement in ("DELETE FROM batches_message", "CREATE TABLE more (id int)", next_id):
    try:
        connections["reports"].cursor().execute(statement)
    except InternalError as error:
        refused.append(str(error).splitlines()[0])
print(json.dumps({"batches": report.batches, "billed": report.bill.messages, "longest": len(report.longest),
                  "texts": texts, "refused": refused, "written": Batch.objects.count()}))
"""


def test_reports_and_replays_read_there_and_nothing_writes_there(running: StartService) -> None:
    with running("written", programs=()) as service:
        replica = service.database.copy("read")
        try:
            with psycopg.connect(replica.url) as connection:
                connection.execute(ROWS)
            service.environment["REPORT_DATABASE_URL"] = replica.url
            asked = service.manage("shell", "--no-imports", "-c", ASK)
            report = service.manage("consolidation_report", "--json")
        finally:
            replica.drop()

    told = json.loads(asked.stdout.splitlines()[-1]) if asked.returncode == 0 else asked.stderr
    assert told["refused"] == [
        "cannot execute DELETE in a read-only transaction",
        "cannot execute CREATE TABLE in a read-only transaction",
        "cannot execute nextval() in a read-only transaction",
    ]
    assert (told["batches"], told["longest"], told["texts"]) == (1, 1, ["Yes, I can"])
    assert told["written"] == 0
    assert json.loads(report.stdout)["batches"] == 1, report.stderr


def test_a_replica_that_may_not_be_read_is_told_of(running: StartService) -> None:
    with running("shut", programs=()) as service:
        replica = service.database.copy("shut")
        try:
            with psycopg.connect(replica.url) as connection:
                connection.execute("DROP TABLE batches_batch CASCADE")
            service.environment["REPORT_DATABASE_URL"] = replica.url
            report = service.manage("consolidation_report", "--json")
        finally:
            replica.drop()

    assert report.returncode == 1
    assert "REPORT_DATABASE_URL: the replica cannot be read: relation" in report.stderr
    assert "Traceback" not in report.stderr


def test_a_replica_that_is_away_is_told_of(running: StartService) -> None:
    with running("alone", programs=()) as service:
        name = urlsplit(service.database.url).path
        service.environment["REPORT_DATABASE_URL"] = f"postgres://nobody:hunter22@127.0.0.1:1{name}"
        report = service.manage("consolidation_report", "--json")

    assert report.returncode == 1
    assert "REPORT_DATABASE_URL" in report.stderr
    assert "Traceback" not in report.stderr
    assert "hunter22" not in report.stderr
