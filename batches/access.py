"""Who may post to the webhook: tokens are made, revoked and checked here. Docs: docs/webhook-access.md."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from threading import Lock

from cachetools import TTLCache, cached
from django.conf import settings
from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import APIException

from batches.addresses import remote_address
from batches.channels import DEFAULT, remember
from batches.clock import Now
from batches.deadline import within
from batches.detour import detour
from batches.failures import Failures
from batches.models import Channel, ChannelToken
from batches.tokens import SHOWN, digest, new_token
from classification.outage import disconnect

log = logging.getLogger(__name__)

SECONDS = 2.5  # for the database to answer
REMEMBERED = 2  # seconds: for so long a revoked token may live on in a process
USED_EVERY = timedelta(minutes=1)  # how exact last_used_at is
LONGEST_DAYS = 3660  # ten years
HARMLESS_METHODS = ("GET", "HEAD", "OPTIONS")
NOBODY = digest("")  # compared with where a channel has no token, so that the answer takes as long

failures = Failures("WEBHOOK")


class Refused(APIException):
    """An answer to somebody without a valid token, in the webhook's own form."""

    reason = ""

    def __init__(self, wait: int | None = None) -> None:
        super().__init__({"status": "error", "message": self.reason})
        self.wait = wait  # seconds; becomes Retry-After


class TokenNeeded(Refused):
    """At the default URL (RFC 6750, section 3)."""

    status_code = 401
    reason = "A token is needed: Authorization: Bearer <token>, or X-Webhook-Token: <token>"
    auth_header = 'Bearer realm="webhook"'


class NoSuchAddress(Refused):
    """Whether the channel or the token is wrong is not told."""

    status_code = 404
    reason = "There is no such address"


class TooManyFailures(Refused):
    """From this address, within a minute; `wait` is until that is over."""

    status_code = 429
    reason = "Too many attempts without a valid token"


class CannotTell(Refused):
    """The database is away and this process has not read the tokens yet: let the provider try again."""

    status_code = 503
    reason = "Try again later"


def admit(request: HttpRequest, slug: str = "", token: str = "") -> str:  # nosec B107
    """The slug of the channel that this request may post to; nothing of its body is read.

    Without a token in the path it is the default URL, with the token in a header, or open: WEBHOOK_OPEN, and for
    everybody who only asks whether it is there. Raises Refused.
    """
    if not slug and (settings.WEBHOOK_OPEN or request.method in HARMLESS_METHODS):
        return DEFAULT
    if _fits(slug or DEFAULT, [token] if slug else _in_headers(request)):
        return slug or DEFAULT
    # Only now: others behind the same address must not shut out who has a valid token.
    wait = failures.count(remote_address(request), settings.WEBHOOK_FAILURES_PER_MINUTE)
    if wait:
        raise TooManyFailures(wait)
    raise NoSuchAddress if slug else TokenNeeded


def issue(channel: Channel, label: str = "", days: int | None = None) -> tuple[ChannelToken, str]:
    """Make a token for `channel`, valid for so many days or until revoked; gives its row and the secret itself.

    The secret is nowhere else: it can be shown now and never again.
    """
    secret = new_token()
    expires = timezone.now() + timedelta(days=days) if days else None
    row = ChannelToken.objects.create(
        channel=channel, label=label, prefix=secret[:SHOWN], digest=digest(secret), expires_at=expires
    )
    return row, secret


def revoke(channel: Channel, token_id: int) -> bool:
    """End a token of `channel`; False where there is none that has not ended already."""
    rows = ChannelToken.objects.filter(channel=channel, id=token_id, revoked_at=None)
    return rows.update(revoked_at=Now()) == 1


def _in_headers(request: HttpRequest) -> list[str]:
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    return [token for token in (bearer, request.META.get("HTTP_X_WEBHOOK_TOKEN", "").strip()) if token]


def _fits(slug: str, offered: Sequence[str]) -> bool:
    """Whether one of `offered` opens the channel. Each valid token is compared, also after one that fits."""
    digests = [digest(token) for token in offered]
    if slug == DEFAULT and settings.WEBHOOK_TOKEN and _among(digests, digest(settings.WEBHOOK_TOKEN)):
        return True  # also while the database is away
    now = timezone.now()
    valid = [token for token in tokens().get(slug, ()) if token.expires_at is None or token.expires_at > now]
    fitting = [token for token in valid if _among(digests, token.digest)]
    if not valid:
        _among(digests, NOBODY)
    for token in fitting:
        _note_use(token, now)
    return bool(fitting)


def _among(digests: Sequence[str], stored: str) -> bool:
    return any([compare_digest(one, stored) for one in digests])  # noqa: C419 - a list: all are compared


@cached(TTLCache(maxsize=1, ttl=REMEMBERED), lock=Lock())
def tokens() -> Mapping[str, Sequence[ChannelToken]]:
    """The tokens that are not revoked, by their channel's slug, as they were at most two seconds ago.

    One query for all of them: strangers who try names of channels cost none. While the database is away the tokens
    stay as they were read last; raises CannotTell where they have not been read yet.
    """
    if not detour.away:
        try:
            with within(SECONDS):
                _last_read[:] = [_read()]
        except (OperationalError, InterfaceError) as error:
            log.warning("The webhook's tokens cannot be read: %(error)s", {"error": str(error)})
            detour.begin(away=True)
            disconnect()
    if not _last_read:
        raise CannotTell(5)
    return _last_read[0]


_last_read: list[Mapping[str, Sequence[ChannelToken]]] = []


def _read() -> Mapping[str, Sequence[ChannelToken]]:
    found: dict[str, list[ChannelToken]] = defaultdict(list)
    for token in ChannelToken.objects.filter(revoked_at=None).select_related("channel"):
        found[token.channel.slug].append(token)
        remember(token.channel)  # for deliveries while the database is away
    return dict(found)


def _note_use(token: ChannelToken, now: datetime) -> None:
    """Write down that a token is in use: one statement a minute, and never a reason to refuse a message."""
    if detour.away or (token.last_used_at and now - token.last_used_at < USED_EVERY):
        return
    token.last_used_at = now  # on the row as this process remembers it
    try:
        with within(SECONDS):
            ChannelToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except Error as error:
        log.warning("The use of a webhook token cannot be noted: %(error)s", {"error": str(error)})
