"""The provider, the model and the webhook's address."""

import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from batches.credentials import encrypt
from batches.models import Channel
from bench.processes import free_port
from classification.models import Ceiling
from replies.senders import examining
from tests.batches.doctor.conftest import KEY, Doctor
from tests.support.mail_server import PASSWORD as MAIL_PASSWORD
from tests.support.mail_server import USER as MAIL_USER
from tests.support.mail_server import mail_server
from tests.support.openai_server import OpenAIServer, dripping, hang_up, http_error, model_list
from tests.support.smsgate_server import SmsGateServer
from tests.support.smsmobileapi_server import SmsMobileApiServer
from tests.support.tls_server import self_signed

pytestmark = pytest.mark.django_db


def test_an_account_that_the_gateway_does_not_take(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_PASSWORD = "another"
    assert "does not take the account (HTTP 401)" in doctor()["provider"]["told"]


def test_a_device_that_the_gateway_does_not_know(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_DEVICE_ID = "another"
    assert "knows no device" in doctor()["provider"]["told"]


def test_a_gateway_that_cannot_be_asked(doctor: Doctor, gate: SmsGateServer) -> None:
    gate.lists_devices = False
    told = doctor()["provider"]
    assert (told["state"], "cannot be tried" in told["told"]) == ("warning", True)
    assert gate.sent == {}


def test_a_gateway_that_is_not_there(doctor: Doctor, settings: Any) -> None:
    settings.SMS_GATE_URL = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached" in doctor()["provider"]["told"]


def test_a_gateway_that_hangs_up_in_the_middle_of_its_answer(doctor: Doctor, gate: SmsGateServer) -> None:
    gate.breaks_off = True
    told = doctor()["provider"]
    assert "cannot be reached: ProtocolError (IncompleteRead)" in told["told"]
    assert "SMS_GATE_URL" in told["mend"]


@pytest.mark.timeout(60)
def test_a_gateway_that_never_answers(doctor: Doctor, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and that is all
        settings.SMS_GATE_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "cannot be reached" in doctor()["provider"]["told"]


def test_a_model_that_never_answers(doctor: Doctor, settings: Any, model: OpenAIServer) -> None:
    settings.OPENAI_DEADLINE = 0.3
    model.models = dripping()
    assert "timeout" in doctor()["model"]["told"]


def test_a_provider_that_tells_nothing_without_sending(doctor: Doctor, settings: Any) -> None:
    with SmsMobileApiServer() as server:
        settings.SMS_SENDER, settings.SMS_MOBILE_API_KEY, settings.SMS_MOBILE_API_URL = (
            "smsmobileapi",
            KEY,
            server.url,
        )
        told = doctor()["provider"]
        assert "whether it takes the key is only seen by sending" in told["told"]
        assert "https" in told["mend"]
        assert all(KEY not in str(request) for request in server.requests)


def test_channels_have_accounts_of_their_own(doctor: Doctor, settings: Any) -> None:
    Channel.objects.create(slug="clinic", provider="smsgate", credentials=encrypt("wrong password"))
    assert "does not take the account" in doctor()["provider clinic"]["told"]
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    assert "cannot be decrypted" in doctor()["provider clinic"]["told"]


def test_a_ceiling_that_a_channels_currency_passes_by(doctor: Doctor, settings: Any) -> None:
    """Another SMS_CURRENCY is a way past the forms that check it."""
    Ceiling.objects.filter(meter="money", together=True).update(most=100)
    Channel.objects.create(slug="abroad", segment_price="0.02", currency="PHP")
    settings.SMS_CURRENCY = "PHP"
    assert "ceilings" not in doctor()
    settings.SMS_CURRENCY = "EUR"
    told = doctor()["ceilings"]
    assert (told["state"], "Replies on channel abroad are paid in PHP" in told["told"]) == ("warning", True)


def test_a_model_that_does_not_exist(doctor: Doctor, model: OpenAIServer) -> None:
    model.models = model_list("gpt-other")
    told = doctor()["model"]
    assert "has no model gpt-5.6-luna" in told["told"]
    assert "gpt-other" in told["told"]


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        (http_error(401, f"Bad key {KEY}"), "problem", "auth"),
        (http_error(404), "warning", "does not list its models"),
        (hang_up(), "problem", "connection"),
    ],
)
def test_a_model_that_cannot_be_asked(
    doctor: Doctor, model: OpenAIServer, script: Any, state: str, words: str
) -> None:
    model.models = script
    told = doctor()["model"]
    assert (told["state"], words in told["told"]) == (state, True)
    assert model.requests == []  # nothing was classified


@pytest.mark.django_db(transaction=True)
def test_the_webhook_from_outside(doctor: Doctor, settings: Any, live_server: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    told = doctor("--public-url", live_server.url)
    assert "it is http" in told["webhook"]["told"]
    assert any("asks strangers for a token" in line["told"] for line in told["lines"])
    settings.WEBHOOK_OPEN = True
    assert "takes messages from everybody" in doctor("--public-url", live_server.url)["webhook"]["told"]
    settings.ALLOWED_HOSTS = ["another.example.org"]
    assert "ALLOWED_HOSTS" in doctor("--public-url", live_server.url)["webhook"]["mend"]


def test_an_address_where_nobody_or_somebody_else_answers(doctor: Doctor, gate: SmsGateServer) -> None:
    assert "cannot be reached" in doctor("--public-url", f"http://127.0.0.1:{free_port()}")["webhook"]["told"]
    assert "something else answers" in doctor("--public-url", gate.url)["webhook"]["told"]


def test_a_certificate_that_is_not_accepted_or_no_tls_at_all(
    doctor: Doctor, gate: SmsGateServer, tmp_path: Path
) -> None:
    with self_signed(tmp_path) as address:
        found = doctor("--public-url", address)["webhook"]
    assert "its certificate is not accepted: self-signed certificate" in found["told"]
    assert "certificate" in found["mend"]
    found = doctor("--public-url", gate.url.replace("http:", "https:"))["webhook"]
    assert "no TLS is spoken there" in found["told"]


def test_the_mail_server_of_the_report(doctor: Doctor, settings: Any) -> None:
    port = free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # Django's tests replace it
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = MAIL_USER, MAIL_PASSWORD
    assert "report" not in {line["about"] for line in doctor()["lines"]}  # nobody is to get it
    settings.REPORT_EMAIL_TO, settings.DEFAULT_FROM_EMAIL = ["ben@example.org"], MAIL_USER
    assert f"127.0.0.1:{port} cannot be used" in doctor()["report"]["told"]
    with mail_server(port) as box:
        assert "report" not in doctor()["bad"]
        settings.EMAIL_HOST_PASSWORD = "another"
        assert "535" in doctor()["report"]["told"]
    assert box.mails == []


def test_an_address_that_is_none(well: None) -> None:
    with pytest.raises(CommandError, match="--public-url"):
        call_command("doctor", "--public-url", "sms.example.org")
