"""What an operator may get wrong, and what the start says about it."""

from itertools import pairwise

import pytest
from django.core.exceptions import ImproperlyConfigured

from smsconsolidator.env import BASE_DIR, Environment, load

WRONG = [
    ("CONSOLIDATION_WINDOW", "abc", "valid integer"),
    ("CONSOLIDATION_WINDOW", "0", "greater than or equal to 1"),
    ("PORT", "99999", "less than or equal to 65535"),
    ("HTTPS", "perhaps", "valid boolean"),
    ("DATABASE_URL", "mysql://localhost/x", "must begin with sqlite://"),
    ("DATABASE_URL", "postgres://u:p@localhost:port/x", "cannot be read as an address"),
    ("DATABASE_URL", "postgres://localhost", "names no database"),
    ("DATABASE_POOLER_URL", "sqlite:///db.sqlite3", "must begin with postgres://"),
    ("REPORT_DATABASE_URL", "replica.example.org", "must begin with postgres://"),
    ("REDIS_URL", "localhost:6379", "must be an address like redis://"),
    ("REDIS_URL", "redis://localhost:port/0", "must be an address like redis://"),
    ("DEFAULT_REGION", "Philippines", "PHILIPPINES is no country with telephone numbers"),
    ("DEFAULT_REGION", "UK", "UK is no country with telephone numbers; write it like PH or US"),
    ("DEFAULT_REGION", "XX", "XX is no country with telephone numbers"),
    ("PROVIDER_TIME_ZONE", "Manila", "no time zone"),
    ("CLASSIFICATION_MODE", "magic", "should be 'rules', 'llm_then_rules', 'rules_then_llm' or 'shadow'"),
    ("OPENAI_KIND", "assistants", "should be 'chat', 'responses' or 'decisions'"),
    ("CLASSIFICATION_REVIEW_SAMPLE", "2", "less than or equal to 1"),
    ("OPENAI_BASE_URL", "localhost", "must begin with http://"),
    ("OPENAI_TEMPERATURE", "3", "less than or equal to 2"),
    ("SMS_SENDER", "pigeon", "'smsmobileapi', 'smsgate' or 'memory'"),
    ("REJECTED_KEEP_DAYS", "9999999", "less than or equal to 3650"),
    ("SMS_MAX_SEGMENTS", "11", "less than or equal to 10"),
    ("SMS_SEGMENT_PRICE", "cheap", "valid decimal"),
    ("SMS_CURRENCY", "pesos", "match pattern"),
    ("LOG_FORMAT", "xml", "'text' or 'json'"),
    ("LOG_LEVEL", "LOUD", "'WARNING' or 'ERROR'"),
    ("DJANGO_SECRET_KEY", "short", "at least 32 characters"),
    ("WEBHOOK_TOKEN", "t" * 23, "24 to 256 characters"),
    ("WEBHOOK_TOKEN", "with/a/slash/and/more/than/24", "of A-Z a-z 0-9"),
    ("ALLOWED_HOSTS", "http://192.168.1.5", "write 192.168.1.5 (given"),
    ("ALLOWED_HOSTS", "https://sms.example.org:8443/admin/", "write sms.example.org (given"),
    ("ALLOWED_HOSTS", "localhost,192.168.1.5:8000", "192.168.1.5:8000 is not a host's name or address alone"),
    ("ALLOWED_HOSTS", "192.168.1.5 localhost", "write 192.168.1.5,localhost (given"),
    ("ALLOWED_HOSTS", "fd00::1", "write [fd00::1] (given"),
    ("ALLOWED_HOSTS", "[::1]:8000", "write [::1] (given"),
    ("ALLOWED_HOSTS", "*.example.org", "write .example.org (given"),
    ("ALLOWED_HOSTS", "http://", "write localhost (given"),
    (
        "TRUSTED_PROXIES",
        "10.0.0.0/8,proxy.example.org",
        "proxy.example.org is neither an address nor a network",
    ),
]


def problem(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        load()
    return str(caught.value)


@pytest.mark.parametrize(("name", "value", "reason"), WRONG)
def test_it_explains_a_wrong_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    text = problem(monkeypatch, name, value)
    assert f"{name}: " in text
    assert reason in text


@pytest.mark.parametrize("name", sorted({name for name, _, _ in WRONG}))
def test_it_gives_an_example_that_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    wrong = next(value for known, value, _ in WRONG if known == name)
    example = problem(monkeypatch, name, wrong).rpartition(f"Example: {name}=")[2]
    monkeypatch.setenv(name, example)
    assert load()


def test_it_shows_the_value_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(given in the environment: 'abc')" in problem(monkeypatch, "CONSOLIDATION_WINDOW", "abc")


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DJANGO_SECRET_KEY", "hunter22", "hunter22"),
        ("DATABASE_URL", "mysql://user:hunter22@host/x", "hunter22"),
        ("REDIS_URL", "http://:hunter22@host/0", "hunter22"),
        ("WEBHOOK_TOKEN", "hunter22", "hunter22"),
    ],
)
def test_it_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str, secret: str) -> None:
    assert secret not in problem(monkeypatch, name, value)


@pytest.mark.parametrize("hosts", ["*", ".example.org", "[::1]", "[fd00::1]", "box.local, 192.168.1.5,sms"])
def test_it_takes_hosts_as_browsers_name_them(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", hosts)
    assert load().allowed_hosts == hosts


def test_it_takes_a_country_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_REGION", "gb")
    assert load().default_region == "GB"


def test_it_names_a_missing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SECRET_KEY")
    with pytest.raises(ImproperlyConfigured, match="DJANGO_SECRET_KEY: is missing"):
        load()


def test_it_reports_every_wrong_value_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "none")
    text = problem(monkeypatch, "PORT", "0")
    assert "PORT: " in text
    assert "WORKERS: " in text


def test_it_prefers_the_environment_to_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_text("CONSOLIDATION_WINDOW=20\nPORT=8100\n")
    monkeypatch.setenv("CONSOLIDATION_WINDOW", "3")
    env = Environment(_env_file=file)
    assert (env.consolidation_window, env.port) == (3, 8100)


def test_it_takes_an_empty_value_for_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSOLIDATION_WINDOW", "")
    assert load().consolidation_window == 60


def test_it_replies_only_when_told_to() -> None:
    assert load().sms_auto_reply_enabled is False


def test_it_knows_the_passwords_inside_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user:pass%2Fword1@host/x")
    monkeypatch.setenv("REDIS_URL", "redis://:abc@host/0")
    assert {"pass%2Fword1", "pass/word1", ":abc@"} <= set(load().secrets())
    assert "abc" not in load().secrets()


def test_it_counts_the_webhooks_token_among_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_TOKEN", "hunter22-and-many-more-of-them")
    assert "hunter22-and-many-more-of-them" in load().secrets()


def test_it_is_closed_until_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBHOOK_OPEN")
    assert load().webhook_open is False


def examples() -> dict[str, str]:
    lines = (BASE_DIR / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def default(name: str) -> str:
    value = Environment.model_fields[name].get_default()
    value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if value is None or name == "django_secret_key":
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_it_lists_every_setting_with_its_default_in_env_example() -> None:
    assert examples() == {name.upper(): default(name) for name in Environment.model_fields}


def test_it_explains_every_setting_in_env_example() -> None:
    lines = (BASE_DIR / ".env.example").read_text(encoding="utf-8").splitlines()
    explained = [line for before, line in pairwise(lines) if line[:1].isupper() and before.startswith("# ")]
    assert len(explained) == len(Environment.model_fields)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("redis://host/0", "redis://host/0?socket_connect_timeout=2&socket_timeout=4"),
        ("redis://host/0?socket_timeout=9", "redis://host/0?socket_timeout=9&socket_connect_timeout=2"),
        ("rediss://host/0?socket_timeout=9&socket_connect_timeout=1",) * 2,
    ],
)
def test_it_waits_for_redis_as_long_as_the_address_says(
    monkeypatch: pytest.MonkeyPatch, given: str, used: str
) -> None:
    monkeypatch.setenv("REDIS_URL", given)
    assert load().redis_url_with_patience() == used
