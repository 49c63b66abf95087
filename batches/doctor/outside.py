"""What is outside: the provider, the model, and the webhook as others reach it. Nothing is sent and nothing billed."""

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
from django.conf import settings

from batches.credentials import CredentialsUnreadable
from batches.hosts import is_loopback
from batches.models import Channel
from batches.reporting import mailing
from classification.examining import examine_model
from classification.findings import Finding, ok, problem, warning
from replies.senders import ENVIRONMENT, get_sender
from replies.senders.base import Account
from replies.senders.examining import Answer, get

Named = tuple[
    str, Account | None
]  # a channel (empty: none of its own) and its account (None: cannot be read)

SOON = 14  # days until a certificate runs out
SECONDS = 5.0
REFUSES = (401, 403)


def own_account() -> list[Named]:
    """The account of the settings."""
    return [("", ENVIRONMENT)]


def accounts() -> list[Named]:
    """The settings' account, and those of channels that have their own."""
    found = own_account()
    for channel in Channel.objects.order_by("slug"):
        if channel.provider or channel.credentials:
            found.append((channel.slug, _account(channel)))
    return found


def _account(channel: Channel) -> Account | None:
    try:
        return channel.account
    except CredentialsUnreadable:
        return None


def provider(account: Account | None) -> Iterator[Finding]:
    """Reachable, and the credentials are taken where the provider can be asked that."""
    if account is None:
        yield problem("its key cannot be decrypted", "Add the old key to CREDENTIALS_KEYS, or save it again.")
        return
    sender = get_sender(account)
    finding = sender.examine(key=account.key)
    yield Finding(finding.state, f"{sender.name}: {finding.told}", finding.mend)


def model() -> Iterator[Finding]:
    yield examine_model()


def mail_server() -> Iterator[Finding]:
    """It takes a connection and the log-in, where somebody is to get the report."""
    if not settings.REPORT_EMAIL_TO:
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    if told := mailing.objection():
        yield problem(f"{where} cannot be used: {told}", "Look at EMAIL_URL and at the server.")
    else:
        yield ok(f"{where} is reached, and takes the log-in where EMAIL_URL has one")


def webhook(url: str) -> Iterator[Finding]:
    """Its public address, as far as it can be tried from this machine: a provider's way there may be another."""
    url = url.rstrip("/")
    answer = get(f"{url}/healthz")
    if not answer.status:
        yield problem(
            f"{url} cannot be reached from here: {answer.text}",
            "Look at the name, the proxy and its certificate, the firewall.",
        )
        return
    health = _health(answer)
    if health is not None:
        yield health
        return
    yield ok(f"{url} is reached and is this release ({answer.milliseconds} ms)")
    try:
        yield from _certificate(url)
        yield from _doors(url)
    except OSError as error:  # requests' errors among them
        yield problem(f"a second call there failed: {type(error).__name__}", "Look at the proxy's own log.")


def _health(answer: Answer) -> Finding | None:
    """What is wrong with the answer of /healthz."""
    if answer.status in (301, 302, 307, 308):
        return problem(
            f"it redirects (HTTP {answer.status}): providers do not follow", "Give the address at its end."
        )
    if answer.status == 400:
        return problem("it refuses its own name (HTTP 400)", "Add the name to ALLOWED_HOSTS.")
    try:
        version = str(json.loads(answer.text)["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return problem(
            f"something else answers there (HTTP {answer.status})", "See where the proxy sends it."
        )
    if version != settings.VERSION:
        return warning(
            f"release {version[:20]} answers there; this is {settings.VERSION}", "See which one is live."
        )
    return None


def _certificate(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield warning(
            "it is http: tokens and messages travel readable", "Put HTTPS in front: docs/deploy.md, step 7"
        )
        return
    context = ssl.create_default_context()
    with (
        socket.create_connection((str(parts.hostname), parts.port or 443), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
    ):
        certificate = secure.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    told = f"its certificate is valid for {days} more days"
    yield ok(told) if days > SOON else warning(told, "See that it is renewed.")


def _doors(url: str) -> Iterator[Finding]:
    """A stranger may not post, and may not read the figures."""
    path = f"{url}/api/webhook/sms-received"
    status = requests.post(path, json=[], timeout=SECONDS, allow_redirects=False).status_code
    if status in REFUSES:
        yield ok("the webhook is there, and asks strangers for a token")
    elif status == 200:
        yield warning(
            "the webhook takes messages from everybody", "WEBHOOK_OPEN=false, and manage.py webhook_token"
        )
    else:
        yield problem(
            f"the webhook answers HTTP {status}", "See which paths and methods the proxy lets through."
        )
    # To whoever comes from this machine, /metrics is open.
    if not is_loopback(urlsplit(url).hostname or "") and get(f"{url}/metrics").status == 200:
        yield problem(
            "/metrics can be read by everybody", "Set METRICS_TOKEN, or close the path in the proxy."
        )
