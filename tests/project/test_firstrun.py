"""What happens before the first start."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import authenticate
from django.core.management import CommandError
from django.test import RequestFactory
from dotenv import dotenv_values

from bench.processes import free_port
from smsconsolidator.env import BASE_DIR, Environment, load, public_address
from smsconsolidator.firstrun import (
    create_admin,
    refuse_busy_port,
    where_to_look,
    write_env,
)


def first_run(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": str(folder / ".env"),
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "PORT": str(free_port()),
        **more,
    }
    command = [sys.executable, "-m", "smsconsolidator.firstrun"]
    return subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False)


def test_it_writes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    assert write_env(tmp_path / ".env")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_it_writes_a_new_secret_each_time(tmp_path: Path) -> None:
    write_env(tmp_path / "a")
    write_env(tmp_path / "b")
    keys = {dotenv_values(tmp_path / name)["DJANGO_SECRET_KEY"] for name in "ab"}
    assert len(keys) == 2
    assert all(key and len(key) >= 50 for key in keys)


def test_it_writes_a_new_key_for_credentials_each_time(tmp_path: Path) -> None:
    write_env(tmp_path / "a")
    write_env(tmp_path / "b")
    first, second = (str(dotenv_values(tmp_path / name)["CREDENTIALS_KEYS"]) for name in "ab")
    assert first != second
    assert Fernet(first).decrypt(Fernet(first).encrypt(b"x")) == b"x"


def test_it_turns_replies_and_the_open_webhook_on_for_a_first_try_and_leaves_the_rest_default(
    tmp_path: Path,
) -> None:
    write_env(tmp_path / ".env")
    written = {
        "DJANGO_SECRET_KEY",
        "ERASURE_KEY",
        "CREDENTIALS_KEYS",
        "SMS_AUTO_REPLY_ENABLED",
        "WEBHOOK_OPEN",
    }
    assert set(dotenv_values(tmp_path / ".env")) == written
    assert Environment(_env_file=tmp_path / ".env").sms_auto_reply_enabled is True


def test_it_never_overwrites_a_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1")
    assert not write_env(tmp_path / ".env")
    assert (tmp_path / ".env").read_text() == "PORT=1"


@pytest.mark.django_db
def test_it_makes_one_admin(rf: RequestFactory) -> None:
    password = create_admin()
    assert password
    assert authenticate(rf.post("/admin/login/"), username="admin", password=password)
    assert create_admin() is None


def test_it_refuses_a_busy_port_and_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=rf"PORT={port}: Address already in use(.|\n)*make run"):
            refuse_busy_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "0.0.0.0", "ALLOWED_HOSTS": "localhost,192.168.1.5"}, "http://192.168.1.5:8000"),  # noqa: S104
        ({"HOST": "::", "ALLOWED_HOSTS": "*"}, "http://127.0.0.1:8000"),
        ({"HOST": "::1"}, "http://[::1]:8000"),
        ({"HTTPS": "true", "HOST": "0.0.0.0", "ALLOWED_HOSTS": "sms.example.org"}, "https://sms.example.org"),  # noqa: S104
        ({"HTTPS": "true", "ALLOWED_HOSTS": "localhost,.example.org,a.example.org"}, "https://a.example.org"),
        ({"HTTPS": "true", "HOST": "::1", "ALLOWED_HOSTS": "localhost"}, "https://[::1]"),
    ],
)
def test_it_shows_an_address_that_works(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], address: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert public_address(load()) == address


def test_a_server_set_up_by_the_book_gives_phones_its_public_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the very file that docs/deploy.md installs, which leaves HOST at this machine alone: nginx is in front."""
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DJANGO_SECRET_KEY", "k" * 50)  # the page fills it in
    env = Environment(_env_file=BASE_DIR / "deploy/env.example")
    assert (env.host, env.https) == ("127.0.0.1", True)
    assert public_address(env) == "https://sms.example.org"


def test_it_shows_the_password_only_when_it_is_new() -> None:
    assert "Password   s3cret" in where_to_look(load(), "s3cret")
    assert "Password" not in where_to_look(load(), None)


def test_it_prepares_everything_and_shows_the_password_once(tmp_path: Path) -> None:
    first, second = first_run(tmp_path), first_run(tmp_path)
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stderr.count("Password") == 1
    assert "Password" not in second.stderr
    assert "/api/webhook/sms-received" in second.stderr
    assert first.stdout == ""
    assert stat.S_IMODE((tmp_path / "db.sqlite3").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Replies are printed, not sent (SMS_SENDER=console)."),
        ({"SMS_MOBILE_API_KEY": "k3y-of-an-account"}, "Replies are really sent (SMS_SENDER=smsmobileapi)."),
        ({"SMS_SENDER": "smsgate"}, "Replies are really sent (SMS_SENDER=smsgate)."),
        ({"SMS_SENDER": "memory"}, "Replies are kept in memory, not sent (SMS_SENDER=memory)."),
        ({"SMS_AUTO_REPLY_ENABLED": "false"}, "No reply is made (SMS_AUTO_REPLY_ENABLED=false)."),
    ],
)
def test_the_first_start_tells_what_becomes_of_replies(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    with socket.socket() as other:  # which ends the start as soon as that is told
        other.bind(("127.0.0.1", 0))
        other.listen()
        started = first_run(tmp_path, PORT=str(other.getsockname()[1]), **given)
    assert told in started.stderr.splitlines()
    assert "Address already in use" in started.stderr


def test_it_stops_at_a_wrong_value_without_a_traceback(tmp_path: Path) -> None:
    refused = first_run(tmp_path, CONSOLIDATION_WINDOW="abc")
    assert refused.returncode == 1
    assert "CONSOLIDATION_WINDOW: " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_stops_at_a_file_that_is_no_text_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SMS_SENDER=se\xf1or\n")
    refused = first_run(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == f"{tmp_path / '.env'} is not UTF-8 text\n"


def test_it_stops_when_the_database_cannot_be_reached(tmp_path: Path) -> None:
    url = f"postgres://user:hunter22@127.0.0.1:{free_port()}/x"
    refused = first_run(tmp_path, DATABASE_URL=url)
    assert refused.returncode == 1
    assert "DATABASE_URL: the database cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "hunter22" not in refused.stderr


def test_it_stops_when_redis_cannot_be_reached(tmp_path: Path) -> None:
    refused = first_run(tmp_path, REDIS_URL=f"redis://:hunter22@127.0.0.1:{free_port()}/0")
    assert refused.returncode == 1
    assert "REDIS_URL: Redis cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "hunter22" not in refused.stderr


def test_it_refuses_an_address_of_another_machine() -> None:
    with pytest.raises(CommandError, match=r"(.|\n)*Set HOST to an address of this machine"):
        refuse_busy_port("192.0.2.1", 8000)
