"""Posting a plan to the webhook: each message at its time, each sender's in order."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zlib import crc32
from zoneinfo import ZoneInfo

import requests
from django.conf import settings

from batches.channels import DEFAULT
from batches.simulation.script import Planned
from batches.tokens import hide_tokens

LANES = 16
# The address of a channel with a token of its own (batches/urls.py), wherever a proxy has put it.
OF_A_CHANNEL = re.compile(r"/api/webhook/([^/]+)/[^/]+/?$")
TIMEOUT = (5, 20)  # seconds to connect, and to wait for an answer


class NotRunning(Exception):
    """Nothing that looks like the webhook answers."""


@dataclass(frozen=True)
class Webhook:
    """Where to post, and the token if its address does not have it. As text it tells neither."""

    url: str
    token: str = ""

    def __str__(self) -> str:
        return hide_tokens(self.url)

    @property
    def channel(self) -> str:
        """The slug of the channel that gets what is posted here."""
        found = OF_A_CHANNEL.search(urlsplit(self.url).path)
        return found[1] if found else DEFAULT

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Webhook-Token": self.token} if self.token else {}


@dataclass(frozen=True)
class Posted:
    """What the webhook said to one message; `problem` is empty when it took it."""

    planned: Planned
    status: int = 0
    duplicate: bool = False
    problem: str = ""


def check(webhook: Webhook) -> None:
    """Ask the webhook for its health. Raises NotRunning with what to do about it."""
    try:
        answer = requests.get(webhook.url, headers=webhook.headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.exceptions.SSLError as error:
        reason = getattr(error.args[0], "reason", error)
        raise NotRunning(
            f"{webhook}: {reason}. A certificate of your own: REQUESTS_CA_BUNDLE=its file"
        ) from None
    except (requests.ConnectionError, requests.Timeout):
        remedy = _where_it_would_answer(webhook)
        raise NotRunning(f"Nothing answers at {webhook}: is it running? {remedy}") from None
    except requests.RequestException as error:
        raise NotRunning(f"--url: {webhook} cannot be used: {hide_tokens(str(error))}") from None
    except OSError as error:  # so requests speaks of a file that is not there, or not to be read
        raise NotRunning(
            f"REQUESTS_CA_BUNDLE: {error}. Give its whole path, readable for this user"
        ) from None
    if answer.is_redirect and settings.ENV.https:
        raise NotRunning(f"{webhook} sends on to HTTPS: name the address that gateways post to")
    if answer.status_code != 200:
        raise NotRunning(
            f"{webhook} answers HTTP {answer.status_code}: is that the webhook of this service?"
            " Its address must name a channel and a valid token"
        )


def _where_it_would_answer(webhook: Webhook) -> str:
    if webhook.url.startswith("https:"):
        return "And does its name lead there from here?"
    return "Try: make run"


def post_all(webhook: Webhook, plan: Sequence[Planned], done: Callable[[Posted], None]) -> list[Posted]:
    """Post everything, at most LANES messages at once; `done` is called after each, from several threads."""
    start = time.monotonic()
    lanes: list[list[Planned]] = [[] for _ in range(LANES)]
    for one in plan:
        lanes[crc32(one.number.encode("utf-8", "replace")) % LANES].append(one)

    def run(lane: list[Planned]) -> list[Posted]:
        posted = []
        with requests.Session() as session:
            session.headers.update(webhook.headers)
            for one in lane:
                time.sleep(max(0.0, start + one.at - time.monotonic()))
                posted.append(_post(session, webhook.url, one))
                done(posted[-1])
        return posted

    with ThreadPoolExecutor(LANES) as threads:
        return [posted for lane in threads.map(run, filter(None, lanes)) for posted in lane]


def _post(session: requests.Session, url: str, one: Planned) -> Posted:
    try:
        answer = session.post(url, json=_payload(one), timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return Posted(one, problem=f"no answer ({type(error).__name__})")
    if not answer.ok or answer.is_redirect:
        return Posted(one, answer.status_code, problem=f"HTTP {answer.status_code}: {_excerpt(answer)}")
    return Posted(one, answer.status_code, duplicate=_skipped(answer))


def _payload(one: Planned) -> dict[str, str]:
    """As SMSMobileAPI writes it: the phone's local time, without a zone."""
    now = datetime.now(ZoneInfo(settings.PROVIDER_TIME_ZONE))
    return {
        "date": f"{now:%Y-%m-%d}",
        "hour": f"{now:%H:%M:%S}",
        "time_received": f"{now:%Y-%m-%d %H:%M:%S}",
        "message": one.text,
        "number": one.number,
        "guid": one.guid,
    }


def _skipped(answer: requests.Response) -> bool:
    try:
        return bool(answer.json()["skipped"])
    except (ValueError, KeyError, TypeError):
        return False  # not this service's answer; the missing row will tell


def _excerpt(answer: requests.Response) -> str:
    return answer.headers.get("Location") or " ".join(answer.text.split())[:200]
