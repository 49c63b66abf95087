"""The daily report and the mail server that takes it."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import EMAIL_SCHEMES, EmailAddresses, EmailUrl, TimeZone


class Report(Group):
    report_email_to: EmailAddresses = Field("", examples=["ana@example.org,ben@example.org"])
    report_email_at: str = Field("07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["07:00"])
    report_time_zone: TimeZone = Field("", examples=["Asia/Manila"])
    email_url: EmailUrl = Field(SecretStr(""), examples=["smtp+tls://user:password@mail.example.org:587"])
    email_from: EmailAddresses = Field("", examples=["sms@example.org"])


@dataclass(frozen=True)
class MailServer:
    """What EMAIL_URL says; `host` is empty where there is none. `sender` is whom mails are from."""

    host: str
    port: int
    user: str
    password: str
    starttls: bool
    tls: bool
    sender: str


def mail_server(env: Report) -> MailServer:
    """The mail server, and EMAIL_FROM or what stands for it."""
    url = urlsplit(env.email_url.get_secret_value())
    user, host = unquote(url.username or ""), url.hostname or ""
    return MailServer(
        host,
        url.port or EMAIL_SCHEMES.get(url.scheme, 25),
        user,
        unquote(url.password or ""),
        starttls=url.scheme == "smtp+tls",
        tls=url.scheme == "smtps",
        sender=env.email_from or (user if "@" in user else f"smsconsolidator@{host or 'localhost'}"),
    )
