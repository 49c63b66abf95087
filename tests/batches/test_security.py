"""The system checks of dangerous settings, each with the setting that sets it off."""

from typing import Any

import pytest
from django.core.checks import Tags, run_checks

OURS = {"batches.E003", "batches.E004", "batches.W001", "batches.W002", "batches.W003", "batches.W004"}
SAFE: dict[str, Any] = {
    "DEBUG": False,
    "HOST": "127.0.0.1",
    "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
    "SECURE_SSL_REDIRECT": False,
    "SECRET_KEY": "Qk3-vR8_tY1xZ6bN0mC5wL2pJ7hG4fD9sA-eUiOqWzXrTyVbNm",
    "CSRF_TRUSTED_ORIGINS": [],
    "TRUSTED_PROXIES": [],
}
BEHIND_PROXY: dict[str, Any] = {
    "SECURE_SSL_REDIRECT": True,
    "ALLOWED_HOSTS": ["sms.example.org", "localhost"],
    "TRUSTED_PROXIES": ["127.0.0.1"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        (BEHIND_PROXY, set()),
        ({"DEBUG": True}, set()),
        ({"DEBUG": True, "HOST": "0.0.0.0"}, {"batches.E003"}),  # noqa: S104
        ({"DEBUG": True, "HOST": "::"}, {"batches.E003"}),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["192.168.1.5"]}, {"batches.E003"}),
        (BEHIND_PROXY | {"DEBUG": True}, {"batches.E003"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"batches.W001"}),
        ({"ALLOWED_HOSTS": ["sms.example.org"]}, {"batches.W002"}),
        ({"ALLOWED_HOSTS": [".example.org"]}, {"batches.W002"}),
        ({"ALLOWED_HOSTS": ["8.8.8.8"]}, {"batches.W002"}),
        ({"ALLOWED_HOSTS": ["192.168.1.5", "box.local", "sms", "fd00::1"], "HOST": "0.0.0.0"}, set()),  # noqa: S104
        (BEHIND_PROXY | {"TRUSTED_PROXIES": []}, {"batches.W003"}),
        (BEHIND_PROXY | {"CSRF_TRUSTED_ORIGINS": ["http://sms.example.org"]}, {"batches.W004"}),
        (BEHIND_PROXY | {"CSRF_TRUSTED_ORIGINS": ["https://sms.example.org"]}, set()),
        ({"SECRET_KEY": "a" * 50}, {"batches.E004"}),
        ({"SECRET_KEY": "django-insecure-8h3kjs9d8fh3jks9d8fh3kjs9dfh3kjs9"}, {"batches.E004"}),
        ({"SECRET_KEY": "change-me-8h3kjs9d8fh3jks9d8fh3kjs9dfh3kjs9"}, {"batches.E004"}),
    ],
)
def test_it_says_what_lets_strangers_in(settings: Any, changes: dict[str, Any], expected: set[str]) -> None:
    for name, value in (SAFE | changes).items():
        setattr(settings, name, value)
    found = run_checks(tags=[Tags.security])
    assert {str(one.id) for one in found} & OURS == expected
    assert all(one.hint for one in found if one.id in OURS)
