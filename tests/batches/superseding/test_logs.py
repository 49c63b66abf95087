"""What the log tells of texts that were carried over."""

import logging

import pytest

from tests.batches.conftest import arrive, closed, done
from tests.batches.superseding.conftest import finish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


class TestLogs:
    def lines(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "batches.log_lines"]

    def test_each_message_is_counted_once_as_received(self, caplog: pytest.LogCaptureFixture) -> None:
        first, second = closed("Yes", "I can"), arrive("at 6")
        caplog.set_level(logging.INFO)
        done(first)
        finish(second)
        lines = self.lines(caplog)
        counts = [line.rsplit("Count: ", 1)[1] for line in lines if "BATCH RECEIVED" in line]
        assert counts == ["2", "1"]
        assert sum("└─ Message" in line for line in lines) == 3
        assert f"BATCH SUPERSEDED | From: +639171234567 | Batch: {first.id} |" in "\n".join(lines)
        assert (
            f"BATCH CARRIES EARLIER TEXTS | From: +639171234567 | Batch: {second.id} | Messages: 2" in lines
        )
        [sent] = [line for line in lines if "AUTO-REPLY SENT" in line]
        assert sent.split(" | ")[2] == "Messages: 3"
        assert sum("BATCH PROCESSING COMPLETE" in line for line in lines) == 1

    def test_also_those_of_a_batch_that_nobody_had_begun(self, caplog: pytest.LogCaptureFixture) -> None:
        first, second = closed("Yes", "I can"), closed("at 6")
        caplog.set_level(logging.INFO)
        done(second)
        done(first)
        counts = [line.rsplit("Count: ", 1)[1] for line in self.lines(caplog) if "BATCH RECEIVED" in line]
        assert sorted(counts) == ["1", "2"]
