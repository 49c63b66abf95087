"""`python -m smsconsolidator.firstrun`: everything that `make run` needs before the first process starts.

Each step does nothing when it has nothing to do, so that a later start is fast.
"""

import errno
import io
import os
import re
import secrets
import socket
import sys
from pathlib import Path

import django
import redis
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR, ENV_FILE, Environment, public_address
from smsconsolidator.env.lines import unknown_names

EXAMPLE = BASE_DIR / ".env.example"
ADMIN = "admin"
FIRST_TRY = """\
# Written for a first try: replies are on. While SMS_SENDER and SMS_MOBILE_API_KEY are empty they are printed, not sent.
# Without this line, or with false, no reply is made (the default).
SMS_AUTO_REPLY_ENABLED=true"""
TOKEN_HINT = "   (with a token: manage.py webhook_token default)"  # noqa: S105 - no password
OPEN_AT_FIRST = """\
# Written for a first try: whoever reaches this server may post messages, without a token. That is this machine alone
# while HOST is 127.0.0.1. Before you change HOST: remove this line (false is the default), and give each phone or
# provider a token: manage.py webhook_token default
WEBHOOK_OPEN=true"""


def write_env(path: Path) -> bool:
    """Write `path` from .env.example with new secret keys, mode 0600; False if it is there.

    Defaults are commented out, so that a later version's defaults apply.
    """
    lines = re.sub(r"(?m)^(?=[A-Z])", "#", EXAMPLE.read_text(encoding="utf-8"))
    lines = re.sub(r"(?m)^#(DJANGO_SECRET_KEY=).*$", rf"\g<1>{secrets.token_urlsafe(48)}", lines)
    lines = re.sub(r"(?m)^#(CREDENTIALS_KEYS=).*$", rf"\g<1>{Fernet.generate_key().decode()}", lines)
    lines = re.sub(r"(?m)^#(ERASURE_KEY=).*$", rf"\g<1>{secrets.token_urlsafe(48)}", lines)
    lines = re.sub(r"(?m)^#SMS_AUTO_REPLY_ENABLED=.*$", FIRST_TRY, lines)
    lines = re.sub(r"(?m)^#WEBHOOK_OPEN=.*$", OPEN_AT_FIRST, lines)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(lines)
    return True


def refuse_busy_port(host: str, port: int) -> None:
    """Raise CommandError when nothing could listen on host:port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        remedy = "Set HOST to an address of this machine, or to 0.0.0.0 for all of them."
        if error.errno == errno.EADDRINUSE:
            remedy = f"Stop the program that uses it, or choose another: PORT={port % 65535 + 1} make run"
        raise CommandError(f"Cannot listen on HOST={host} PORT={port}: {error.strerror}.\n{remedy}") from None


def reach_redis(url: str) -> None:
    """Raise CommandError when the task queue is to be in Redis and Redis does not answer."""
    try:
        if url:
            redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except redis.RedisError as error:
        raise CommandError(f"REDIS_URL: Redis cannot be used: {error}") from None


def prepare_database() -> None:
    """Check the settings (warnings go to stderr), apply migrations, collect the admin's static files."""
    call_command("check", stdout=io.StringIO())
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def create_admin() -> str | None:
    """Make the first superuser; returns its password, or None when there is a superuser already."""
    from django.contrib.auth import get_user_model

    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(15)
    users.create_superuser(ADMIN, password=password)
    return password


def where_to_look(env: Environment, password: str | None) -> str:
    """What the first lines on the terminal say; `password` is that of an account that was just made."""
    site = public_address(env)
    lines = [
        f"smsconsolidator {__version__}",
        f"  Webhook    {site}/api/webhook/sms-received{'' if env.webhook_open else TOKEN_HINT}",
        f"  Admin      {site}/admin/",
    ]
    if password:
        lines += [f"  User       {ADMIN}", f"  Password   {password}   (shown this once)"]
    return "\n".join([*lines, f"  Settings   {ENV_FILE}", "  Stop       Ctrl-C"])


def what_becomes_of_replies(enabled: bool, sender: str) -> str:
    """Where the environment has replies go, which comes before what was just written into `.env`."""
    if not enabled:
        return "No reply is made (SMS_AUTO_REPLY_ENABLED=false)."
    told = {"console": "printed, not sent", "memory": "kept in memory, not sent"}.get(sender, "really sent")
    return f"Replies are {told} (SMS_SENDER={sender})."


def run() -> None:
    """Set up what is missing; what is there stays as it is."""
    os.umask(0o077)  # the database holds people's messages
    written = "DJANGO_SECRET_KEY" not in os.environ and write_env(ENV_FILE)
    if written:
        say(f"Wrote {ENV_FILE} with new secret keys.")
    for sentence in unknown_names(ENV_FILE):
        say(f"Warning: {sentence}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsconsolidator.settings")
    django.setup()
    from django.conf import settings

    if written:
        say(what_becomes_of_replies(settings.SMS_AUTO_REPLY_ENABLED, settings.SMS_SENDER))
    refuse_busy_port(settings.ENV.host, settings.ENV.port)
    reach_redis(settings.ENV.redis_url.get_secret_value())
    prepare_database()
    say(where_to_look(settings.ENV, create_admin()))


def say(text: str) -> None:
    """To stderr: stdout carries log lines alone, and a log file must not keep the password."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    try:
        run()
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"DATABASE_URL: the database cannot be used: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
