"""Kinds of values, each with what makes one wrong."""

import re
from ipaddress import IPv6Address, ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, SecretStr

# How a mail server is spoken to, and its usual port: in clear, with STARTTLS, with TLS from the first byte.
EMAIL_SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def split(value: str) -> tuple[str, ...]:
    """The parts of a list that is written with commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _secret_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise ValueError("must have at least 32 characters")
    return value


def _webhook_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9._~-]{24,256}", value.get_secret_value()):
        raise ValueError(
            "must have 24 to 256 characters, of A-Z a-z 0-9 . _ ~ - alone, as it may stand in a URL"
        )
    return value


def _networks(value: str) -> str:
    for part in split(value):
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"{part} is neither an address nor a network like 10.0.0.0/8") from None
    return value


def _hosts(value: str) -> str:
    for part in split(value):
        meant = ",".join(map(_host, part.split()))
        if meant != part:
            raise ValueError(f"{part} is not a host's name or address alone; write {meant or 'localhost'}")
    return value


def _host(text: str) -> str:
    """What the Host header is compared with: no scheme, no path, no port; IPv6 in brackets, a domain with its dot."""
    name = re.sub(r"^\w+://|/.*$", "", text)
    try:
        return f"[{IPv6Address(name)}]"
    except ValueError:
        return re.sub(r"^\*(?=\.)|:\d*$", "", name)


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise ValueError("must begin with sqlite://, postgres:// or postgresql://")
    try:
        name = dj_database_url.parse(url).get("NAME")
    except ValueError:
        raise ValueError("cannot be read as an address: scheme://user:password@host:port/name") from None
    if not name:
        raise ValueError("names no database: scheme://user:password@host:port/name")
    return value


def _postgres_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgres://", "postgresql://")):
        raise ValueError("must begin with postgres:// or postgresql://")
    return _database_url(value)


def _redis_url(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        readable = address.scheme in ("redis", "rediss") and address.hostname and address.port != 0
    except ValueError:  # a port that is no number, an unfinished [IPv6] address
        readable = False
    if not readable:
        raise ValueError("must be an address like redis://:password@host:port/0 or rediss://…")
    return value


def _fernet_keys(value: SecretStr) -> SecretStr:
    try:
        for key in split(value.get_secret_value()):
            Fernet(key)
    except ValueError:
        raise ValueError("must hold Fernet keys (32 random bytes in URL-safe base64), with commas") from None
    return value


def _web_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone of the IANA database") from None
    return value


def _region(value: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # here: who only reads the settings need not wait for it

    region = value.upper()
    if region not in SUPPORTED_REGIONS:
        raise ValueError(f"{region} is no country with telephone numbers; write it like PH or US")
    return region


def _email_url(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        readable = address.scheme in EMAIL_SCHEMES and address.hostname and address.port != 0
    except ValueError:
        readable = False
    if not readable or address.path.strip("/"):
        raise ValueError("must be an address like smtp+tls://user:password@host:587, smtps://… or smtp://…")
    return value


def _email_addresses(value: str) -> str:
    for part in split(value):
        try:
            validate_email(part)
        except DjangoValidationError:
            raise ValueError(f"{part} is no e-mail address") from None
    return value


SecretKey = Annotated[SecretStr, AfterValidator(_secret_key)]
ErasureKey = Annotated[SecretStr, AfterValidator(_secret_key)]
Region = Annotated[str, AfterValidator(_region)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
# Lists are written with commas ("a,b"); split() takes them apart.
CommaList = str
WebhookToken = Annotated[SecretStr, AfterValidator(_webhook_token)]
HostList = Annotated[CommaList, AfterValidator(_hosts)]
NetworkList = Annotated[CommaList, AfterValidator(_networks)]
# Addresses that may hold a password are secrets as a whole.
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
FernetKeys = Annotated[SecretStr, AfterValidator(_fernet_keys)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
EmailUrl = Annotated[SecretStr, AfterValidator(_email_url)]
EmailAddresses = Annotated[CommaList, AfterValidator(_email_addresses)]
