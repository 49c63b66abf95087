"""Nothing that a run leaves behind holds a secret: logs, database, pages; also when the services outside quote it."""

import html
import json
import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from cryptography.fernet import Fernet

from tests.support.smsgate_server import DEVICE, SmsGateServer
from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import ROOT, Service

SECRETS = {
    "DJANGO_SECRET_KEY": "signing-9Qm2vLx7Rt4Kp1Zs6Wd3Yb8Nc5Hf0Jg",
    "OPENAI_API_KEY": "sk-model-7f3a9c1e5b",
    "SMS_MOBILE_API_KEY": "sms/key+of=environment-42",
    "SMS_GATE_PASSWORD": "gate-of-environment-3e8b",
    "WEBHOOK_TOKEN": "webhook-5b1d7e93a0c2f846d1",
    "METRICS_TOKEN": "metrics-c4a8e06f2b9d1573e7",
    "ERASURE_KEY": "erasure-2Wm8Qx4Kt6Zp1Rv9Lc3Yb7Nd5Hf0JgSa-Td6Ue",
    "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
    "channel's key": 'channel"key/8d1f&=<2>',
    "administrator's password": "Not-2-be-seen-anywhere",
}
ENVIRONMENT = {name: value for name, value in SECRETS.items() if name.isupper()}
GATE_USER = "gate-user"
# How each service misbehaves; all of these quote the key that they were given.
QUOTES = ["key_in_error", "key_in_note", "key_as_id"]


MISBEHAVING = {
    "SMS_SENDER": "smsmobileapi",
    "LOG_LEVEL": "DEBUG",
    "OPENAI_TIMEOUT": 20,
    "OPENAI_DEADLINE": 20,
    "SMS_GATE_USER": GATE_USER,
    "SMS_GATE_DEVICE_ID": DEVICE,
}


class Browser(requests.Session):
    """A person at the admin, who keeps all that was shown."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.site = f"http://127.0.0.1:{service.port}"
        self.seen: dict[str, str] = {}

    def open(self, path: str, **headers: str) -> str:
        answer = self.get(self.site + path, headers=headers, timeout=20)
        self.seen[path] = f"{answer.status_code} {answer.headers} {answer.text}"
        return answer.text

    def submit(self, path: str, **form: str) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(path))
        assert token
        data = {"csrfmiddlewaretoken": token[1], **form}
        answer = self.post(self.site + path, data, timeout=20)
        assert answer.status_code == 200, answer.text
        self.seen[f"POST {path}"] = answer.text

    def crawl(self, start: str, most: int = 150) -> None:
        """Every page that a link of the admin leads to."""
        waiting = [start]
        while waiting and len(self.seen) < most:
            path = waiting.pop(0)
            if path in self.seen:
                continue
            links = re.findall(r'href="(/admin/[^"#?]*)"', self.open(path))
            waiting += [link for link in links if "logout" not in link and "jsi18n" not in link]


def everything_in(service: Service) -> str:
    """All rows of all tables."""
    sqlite = service.database.url.startswith("sqlite")
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if sqlite
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    tables = [name for (name,) in service.database.rows(names)]
    return "\n".join(
        f"{table} {row!r}"
        for table in tables
        for row in service.database.rows(f'SELECT * FROM "{table}"')  # noqa: S608
    )


def forms(secret: str) -> set[str]:
    """How a secret may stand in JSON, HTML, Python, a URL or base64 (without what is beside it)."""
    return {
        b64encode(secret.encode()).decode()[:-4],
        b64encode(f"{GATE_USER}:{secret}".encode()).decode()[16:-4],
        secret,
        json.dumps(secret)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        quote(secret),
        quote_plus(secret),
    }


def found_in(text: str) -> list[str]:
    return [name for name, secret in SECRETS.items() if any(form in text for form in forms(secret))]


@pytest.fixture(scope="module")
def gate() -> Iterator[SmsGateServer]:
    with SmsGateServer() as server:
        yield server


@pytest.fixture(scope="module")
def run(
    running: Any, model: Model, gateway: Gateway, gate: SmsGateServer
) -> Iterator[tuple[Service, Browser, list[str]]]:
    """A run in which both services quote every key, the admin is used, and pages fail."""
    settings = MISBEHAVING | {"SMS_GATE_URL": gate.url}
    with running("secrets", **settings, **ENVIRONMENT) as service:
        service.http.headers["X-Webhook-Token"] = SECRETS["WEBHOOK_TOKEN"]
        browser = signed_in(service)
        channel = ChannelPage(service, browser)
        channel.save("smsmobileapi", new_key=SECRETS["channel's key"])
        numbers = {fault: new_number() for fault in QUOTES}
        write(service, numbers, gateway, model)
        # The channel moves to a gateway that does not know its key, and quotes the header that this is sent in.
        channel.save("smsgate")
        write_refused(service, browser)
        look_everywhere(browser)
        yield service, browser, list(numbers.values())


def signed_in(service: Service) -> Browser:
    """The administrator, at the second try."""
    password = SECRETS["administrator's password"]
    service.environment |= {"DJANGO_SUPERUSER_PASSWORD": password}
    made = service.manage("createsuperuser", "--noinput", "--username", "admin", "--email", "a@example.org")
    assert made.returncode == 0, made.stderr
    browser = Browser(service)
    for typed in (password + "x", password):
        browser.submit("/admin/login/", username="admin", password=typed)
    return browser


class ChannelPage:
    """The default channel in the admin."""

    def __init__(self, service: Service, browser: Browser) -> None:
        [(channel,)] = service.database.rows("SELECT id FROM batches_channel WHERE slug = %s", "default")
        self._path, self._browser = f"/admin/batches/channel/{channel}/change/", browser

    def save(self, provider: str, **more: str) -> None:
        form = {"region": "", "window_seconds": "", "auto_reply_enabled": "unknown", "provider": provider}
        self._browser.submit(self._path, **form, **more)


def write(service: Service, numbers: dict[str, str], gateway: Gateway, model: Model) -> None:
    """One conversation for each way in which the gateway quotes the key; the model quotes its own each time."""
    for fault, number in numbers.items():
        gateway.behaviours[number] = fault
        model.behaviours[f"Yes {number}"] = "key_in_error"
        service.send(number, f"Yes {number}")
    for number in numbers.values():
        service.wait_for_settled(number)


def write_refused(service: Service, browser: Browser) -> None:
    """A conversation that the second gateway refuses, and a delivery that we do."""
    number = new_number()
    browser.seen["webhook"] = service.post(number, "Yes").text
    browser.seen["webhook, refused"] = service.http.post(service.url, data=b"{", timeout=20).text
    service.wait_for_settled(number)


def look_everywhere(browser: Browser) -> None:
    """What monitoring reads, every page of the admin, and pages that fail."""
    browser.open("/readyz")
    browser.open("/metrics", Authorization=f"Bearer {SECRETS['METRICS_TOKEN']}")
    browser.crawl("/admin/")
    browser.open("/admin/batches/batch/nonsense/change/")
    browser.open("/no/such/page")


Run = tuple[Service, Browser, list[str]]


def test_the_run_did_what_it_should(run: Run, gateway: Gateway, gate: SmsGateServer) -> None:
    service, browser, numbers = run
    dump, pages = everything_in(service), "".join(browser.seen.values())
    for number in numbers:  # what is looked through is really there
        assert number in service.logs()
        assert number in dump
        assert number in pages
        keys = [one.form["apikey"] for one in gateway.sends if one.form["recipients"] == number]
        assert keys == [SECRETS["channel's key"]]
    [call] = gate.requests
    password = SECRETS["channel's key"]
    assert b64decode(call.authorization.removeprefix("Basic ")) == f"{GATE_USER}:{password}".encode()
    assert "Authorization: Basic " in dump  # the gateway quoted it
    assert "smsconsolidator_" in browser.seen["/metrics"]
    assert "success" in browser.seen["webhook"]
    assert len(browser.seen) > 30
    assert "openai: auth" in dump  # the model quoted the key in its refusal
    assert (
        Fernet(SECRETS["CREDENTIALS_KEYS"]).decrypt(
            service.database.rows("SELECT credentials FROM batches_channel WHERE slug = %s", "default")[0][
                0
            ].encode()
        )
        == SECRETS["channel's key"].encode()
    )


def test_no_file_holds_a_secret(run: Run) -> None:
    """The logs and what else lies where the service runs: a spool, where there is one."""
    files = [path for path in run[0].directory.rglob("*") if path.is_file()]
    assert {"web.log", "worker.log"} <= {path.name for path in files}
    assert [(path.name, found) for path in files if (found := found_in(path.read_text("latin-1")))] == []


def test_the_database_holds_no_secret(run: Run) -> None:
    assert found_in(everything_in(run[0])) == []


def test_no_page_and_no_answer_holds_a_secret(run: Run) -> None:
    assert [(path, found) for path, page in run[1].seen.items() if (found := found_in(page))] == []


def test_the_databases_password_is_not_told_when_it_cannot_be_reached() -> None:
    password = "db-pass-w0rd/9"
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": SECRETS["DJANGO_SECRET_KEY"],
        "DATABASE_URL": "postgres://somebody:db-pass-w0rd%2F9@127.0.0.1:1/nowhere",
    }
    for command in (["-m", "smsconsolidator.firstrun"], ["manage.py", "migrate"], ["manage.py", "qnode"]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = done.stdout + done.stderr
        assert done.returncode != 0
        assert "127.0.0.1" in told
        assert not [form for form in forms(password) if form in told]
