"""Those who try tokens."""

import logging
from typing import Any

import pytest
from django.test import Client

from batches import access, failures
from batches.models import Channel, Message, RejectedDelivery
from tests.batches.conftest import URL
from tests.batches.webhook_access.conftest import Ask, path

pytestmark = pytest.mark.django_db


class TestStrangers:
    @pytest.fixture(autouse=True)
    def limit(self, settings: Any) -> None:
        settings.WEBHOOK_FAILURES_PER_MINUTE = 3

    def test_it_tells_them_to_wait(self, ask: Ask, secret: str) -> None:
        answers = [ask(path("clinic", "wrong")) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert ask().status_code == 429

    def test_it_counts_each_address_by_itself(self, client: Client) -> None:
        ours, theirs = ({"REMOTE_ADDR": address} for address in ("203.0.113.5", "203.0.113.6"))
        for _ in range(5):
            client.post(URL, **ours)  # type: ignore[arg-type]
        assert client.post(URL, **ours).status_code == 429  # type: ignore[arg-type]
        assert client.post(URL, **theirs).status_code == 401  # type: ignore[arg-type]

    def test_it_never_shuts_out_a_valid_token(self, ask: Ask, secret: str) -> None:
        for _ in range(10):
            ask(path("clinic", "wrong"))
        assert ask(path("clinic", secret)).status_code == 200

    def test_it_writes_no_row(self, ask: Ask, client: Client, secret: str) -> None:
        before = set(Channel.objects.all())
        for number in range(10):
            ask(path(f"clinic{number}", "wrong"))
            ask()
            client.post(path("clinic", "wrong"), b"{broken", content_type="text/plain")
        assert not RejectedDelivery.objects.exists()
        assert not Message.objects.exists()
        assert set(Channel.objects.all()) == before

    def test_it_reads_nothing_that_they_send(self, client: Client) -> None:
        """A body that cannot be read stands for one that never ends."""

        class Endless:
            def read(self, *_: Any) -> bytes:
                raise AssertionError("the body was read")

            readline = read

        environ = {"wsgi.input": Endless(), "CONTENT_LENGTH": "1000000", "CONTENT_TYPE": "application/json"}
        for url in (URL, path("clinic", "wrong")):
            answer = client.generic("POST", url, **environ)  # type: ignore[arg-type]
            assert answer.status_code in (401, 404)

    def test_it_logs_one_line_and_neither_path_nor_token(
        self, ask: Ask, secret: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            for _ in range(10):
                ask(path("clinic", secret[:-1]))
        [record] = caplog.records
        assert record.getMessage() == "WEBHOOK REFUSED | From: 127.0.0.1 | Attempts without a valid token: 1"
        access.failures._seen["127.0.0.1"].told_at -= failures.PERIOD  # a minute later
        access.failures.tell()
        assert caplog.records[-1].getMessage().endswith("Attempts without a valid token: 9")

    def test_it_knows_them_behind_a_trusted_proxy(self, client: Client, settings: Any) -> None:
        settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
        for _ in range(5):
            client.post(URL, HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.5")
        assert client.post(URL, HTTP_X_FORWARDED_FOR="203.0.113.5").status_code == 429
        assert client.post(URL, HTTP_X_FORWARDED_FOR="198.51.100.1").status_code == 401
