"""Whose address counts, with and without proxies, honest and invented."""

from typing import Any

import pytest
from django.test import RequestFactory

from batches.addresses import remote_address

PROXIES = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("connection", "forwarded", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # no proxy of ours says so
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the first one is invented
        ("10.1.1.1", "1.1.1.1,198.51.100.1,192.0.2.7,10.9.9.9", "198.51.100.1"),
        ("10.1.1.1", "192.0.2.7,10.9.9.9", "192.0.2.7"),  # everybody is a proxy: the farthest
        ("10.1.1.1", "198.51.100.1, nonsense", "10.1.1.1"),
        ("10.1.1.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.1.1.1", "[2001:dc8::5]:4711", "2001:dc8::5"),
        ("10.1.1.1", "fe80::5%eth0", "fe80::5"),  # no database takes the zone
        ("2001:db8::1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:10.1.1.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", None),
        ("unix:", "198.51.100.1", None),
    ],
)
def test_it_believes_trusted_proxies_alone(
    settings: Any, connection: str, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    request = RequestFactory().get("/", REMOTE_ADDR=connection, HTTP_X_FORWARDED_FOR=forwarded)
    assert remote_address(request) == address


def test_it_believes_nobody_by_default() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert remote_address(request) == "127.0.0.1"
