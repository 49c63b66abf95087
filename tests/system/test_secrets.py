"""Nothing that a run leaves behind holds a secret: logs, database, pages; also when the services outside quote it."""

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from cryptography.fernet import Fernet

from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import ROOT, Service

SECRETS = {
    "DJANGO_SECRET_KEY": "signing-9Qm2vLx7Rt4Kp1Zs6Wd3Yb8Nc5Hf0Jg",
    "OPENAI_API_KEY": "sk-model-7f3a9c1e5b",
    "SMS_MOBILE_API_KEY": "sms/key+of=environment-42",
    "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
    "channel's key": 'channel"key/8d1f&=<2>',
    "administrator's password": "Not-2-be-seen-anywhere",
}
ENVIRONMENT = {name: value for name, value in SECRETS.items() if name.isupper()}
# How each service misbehaves; all of these quote the key that they were given.
QUOTES = ["key_in_error", "key_in_note", "key_as_id"]


class Browser(requests.Session):
    """A person at the admin, who keeps all that was shown."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.site = f"http://127.0.0.1:{service.port}"
        self.seen: dict[str, str] = {}

    def open(self, path: str) -> str:
        answer = self.get(self.site + path, timeout=20)
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
    """How a secret may stand in JSON, HTML, Python or a URL."""
    return {
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
def run(running: Any, model: Model, gateway: Gateway) -> Iterator[tuple[Service, Browser, list[str]]]:
    """A run in which both services quote every key, the admin is used, and pages fail."""
    settings = {
        "SMS_SENDER": "smsmobileapi",
        "LOG_LEVEL": "DEBUG",
        "OPENAI_TIMEOUT": 20,
        "OPENAI_DEADLINE": 20,
    }
    with running("secrets", **settings, **ENVIRONMENT) as service:
        service.environment |= {"DJANGO_SUPERUSER_PASSWORD": SECRETS["administrator's password"]}
        made = service.manage(
            "createsuperuser", "--noinput", "--username", "admin", "--email", "a@example.org"
        )
        assert made.returncode == 0, made.stderr
        browser = Browser(service)
        password = SECRETS["administrator's password"]
        browser.submit("/admin/login/", username="admin", password=password + "x")
        browser.submit("/admin/login/", username="admin", password=password)
        channel = service.database.rows("SELECT id FROM batches_channel WHERE slug = %s", "default")[0][0]
        form = {
            "region": "",
            "window_seconds": "",
            "auto_reply_enabled": "unknown",
            "provider": "smsmobileapi",
        }
        browser.submit(f"/admin/batches/channel/{channel}/change/", **form, new_key=SECRETS["channel's key"])
        numbers = {fault: new_number() for fault in QUOTES}
        for fault, number in numbers.items():
            gateway.behaviours[number] = fault
            model.behaviours[f"Yes {number}"] = "key_in_error"
            service.send(number, f"Yes {number}")
        for number in numbers.values():
            service.wait_for_settled(number)
        browser.crawl("/admin/")
        browser.open("/admin/batches/batch/nonsense/change/")
        browser.open("/no/such/page")
        yield service, browser, list(numbers.values())


Run = tuple[Service, Browser, list[str]]


def test_the_run_did_what_it_should(run: Run, gateway: Gateway) -> None:
    service, browser, numbers = run
    dump, pages = everything_in(service), "".join(browser.seen.values())
    for number in numbers:  # what is looked through is really there
        assert number in service.logs()
        assert number in dump
        assert number in pages
        keys = [one.form["apikey"] for one in gateway.sends if one.form["recipients"] == number]
        assert keys == [SECRETS["channel's key"]]
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


def test_the_logs_hold_no_secret(run: Run) -> None:
    assert found_in(run[0].logs()) == []


def test_the_database_holds_no_secret(run: Run) -> None:
    assert found_in(everything_in(run[0])) == []


def test_the_admins_pages_hold_no_secret(run: Run) -> None:
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
