"""Django's own error pages and reports, with secrets in variables, settings, messages and forms."""

import sys
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client, RequestFactory
from django.views.debug import technical_500_response

from batches.credentials import encrypt
from batches.tokens import new_token
from smsconsolidator.reports import Reporter

CHANNEL = "channel-key-4c<2>&x"


@pytest.fixture(autouse=True)
def _secrets(settings: Any) -> None:
    settings.CREDENTIALS_KEYS = ["0AsCo5TcCBFIrhXPBoLWVX4DYvTPhJbHbpBkGPqZr-g="]
    settings.DATABASES["default"]["PASSWORD"] = project.SECRET_KEY  # as a password that the environment holds
    encrypt(CHANNEL)


def _fail(form: dict[str, str]) -> None:
    key = form["apikey"]
    raise RuntimeError(f"the provider said: bad key {key}, signed with {project.SECRET_KEY}")


@pytest.mark.parametrize("debug", [True, False])
def test_it_hides_the_values_wherever_they_stand(rf: RequestFactory, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    request = rf.post("/admin/", {"new_key": CHANNEL}, headers={"X-Key": CHANNEL})
    try:
        _fail({"apikey": CHANNEL, "of": "the channel"})
    except RuntimeError:
        html = technical_500_response(request, *sys.exc_info()).content.decode()
        text = Reporter(request, *sys.exc_info()).get_traceback_text()
    for report in (html, text):
        assert "the provider said: bad key [secret]" in report
        assert CHANNEL[:14] not in report
        assert project.SECRET_KEY not in report


def test_an_error_page_of_a_server_says_nothing_at_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        _fail({"apikey": CHANNEL})

    monkeypatch.setattr("smsconsolidator.views._migrations", broken)
    client.raise_request_exception = False
    answer = client.get("/readyz")
    assert answer.status_code == 500
    assert b"provider" not in answer.content
    assert CHANNEL.encode() not in answer.content


def test_a_webhooks_token_is_hidden_in_an_address(rf: RequestFactory, settings: Any) -> None:
    settings.DEBUG, token = True, new_token()
    request = rf.post(f"/api/webhook/default/{token}")
    try:
        _fail({"apikey": token})
    except RuntimeError:
        html = technical_500_response(request, *sys.exc_info()).content.decode()
        text = Reporter(request, *sys.exc_info()).get_traceback_text()
    for report in (html, text):
        assert "/api/webhook/default/[secret]" in report
        assert token not in report
