"""A mail server on loopback that speaks SMTP: keeps what it takes, refuses or breaks off when it is told to."""

from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "ana@example.org", "a-mail-password"


class Mailbox:
    """aiosmtpd's handler. `answers` are given to DATA in turn: an answer's line, or None to break off unanswered.

    After `connections` it breaks off every further one as soon as it is greeted.
    """

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.answers: list[str | None] = []
        self.refused: set[str] = set()
        self.server: SMTP | None = None
        self.connections = 1000

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections -= 1
        if self.connections < 0:
            _break_off(server)
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer is None or answer.startswith("250"):
            content = message_from_bytes(_bytes(envelope.content), policy=policy.default)
            self.mails.extend((to, content) for to in envelope.rcpt_tos)
        if answer is None:
            _break_off(server)
        return answer or "250 OK"


def _break_off(server: SMTP) -> None:
    assert isinstance(server.transport, Transport)
    server.transport.abort()


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def _may(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)  # not answered yet


@contextmanager
def mail_server(port: int) -> Iterator[Mailbox]:
    """A running server, which lets nobody in with another password."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port, authenticator=_may, auth_require_tls=False)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
