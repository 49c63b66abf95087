"""Sends nothing: each reply is a line on stdout. For trying the service out without an account."""

import logging
from uuid import uuid4

from classification.findings import Finding, ok
from replies.senders.base import SendResult, accepted

log = logging.getLogger(__name__)


class ConsoleSender:
    """Goes through the log, so that masking and the JSON format hold for it like for any other line."""

    name = "console"
    idempotent = False

    def send(self, to: str, body: str, *, reference: str, key: str = "") -> SendResult:  # noqa: ARG002 (no account)
        line = " ".join(body.split())
        log.info(
            'REPLY PRINTED (console) | To: %(to)s | Reference: %(reference)s | "%(body)s"',
            {"to": to, "reference": reference, "body": line},
        )
        return accepted(f"console-{uuid4().hex}")

    def examine(self, *, key: str = "") -> Finding:  # noqa: ARG002
        return ok("replies are printed, not sent")
