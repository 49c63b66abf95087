"""Where rows and tasks live."""

from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, SecretStr

from smsconsolidator.env.group import Group
from smsconsolidator.env.values import DatabaseUrl, PostgresUrl, RedisUrl

REDIS_PATIENCE = {"socket_connect_timeout": "2", "socket_timeout": "4"}


class Storage(Group):
    database_url: DatabaseUrl = Field(
        SecretStr("sqlite:///db.sqlite3"), examples=["postgres://user:password@localhost:5432/sms"]
    )
    database_pooler_url: PostgresUrl = Field(
        SecretStr(""), examples=["postgres://user:password@localhost:6432/sms"]
    )
    report_database_url: PostgresUrl = Field(
        SecretStr(""), examples=["postgres://user:password@replica.example.org:5432/sms"]
    )
    redis_url: RedisUrl = Field(SecretStr(""), examples=["redis://localhost:6379/0"])
    workers: int = Field(4, ge=1, le=64, examples=["4"])

    def redis_url_with_patience(self) -> str:
        """The address with the time-outs (seconds) that it does not give itself: a silent Redis must hold nobody up.

        Reading takes a second by itself (BLPOP).
        """
        url = self.redis_url.get_secret_value()
        given = parse_qs(urlsplit(url).query)
        missing = {name: value for name, value in REDIS_PATIENCE.items() if name not in given}
        return f"{url}{'&' if given else '?'}{urlencode(missing)}" if missing else url
