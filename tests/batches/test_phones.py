"""One spelling for one number, and never two senders in one."""

import pytest

from batches.choices import SenderKind
from batches.phones import normalise

ONE_NUMBER = [
    "09171234567",
    "639171234567",
    "+639171234567",
    "9171234567",
    "0063 917 123 4567",
    "  +63 917-123-4567 ",
    "whatsapp:+639171234567",
    "(0917) 123-4567",
]


@pytest.mark.parametrize("raw", ONE_NUMBER)
def test_it_writes_a_number_in_one_way(raw: str) -> None:
    sender = normalise(raw, "PH")
    assert (sender.address, sender.kind) == ("+639171234567", SenderKind.NUMBER)


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("+1 (415) 555-2671", "PH", "+14155552671"),
        ("12015555555", "US", "+12015555555"),
        ("+63281234567", "PH", "+63281234567"),
    ],
)
def test_it_knows_other_countries(raw: str, region: str, e164: str) -> None:
    assert normalise(raw, region).address == e164


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("2255", SenderKind.SHORT_CODE),
        ("911", SenderKind.SHORT_CODE),
        ("SEMAPHORE", SenderKind.ALPHANUMERIC),
        ("AD-HDFCBK", SenderKind.ALPHANUMERIC),
        ("1-800-FLOWERS", SenderKind.ALPHANUMERIC),
        ("+6391712345", SenderKind.UNKNOWN),
        ("447700900001", SenderKind.UNKNOWN),
        ("+639171234567 ext. 5", SenderKind.ALPHANUMERIC),
        ("+639171234567#5", SenderKind.UNKNOWN),
        ("+", SenderKind.UNKNOWN),
        ("🙂", SenderKind.UNKNOWN),
    ],
)
def test_it_keeps_what_is_no_number_as_it_came(raw: str, kind: SenderKind) -> None:
    sender = normalise(raw, "PH")
    assert (sender.address, sender.kind) == (raw, kind)


def test_it_reads_a_local_number_in_the_channels_region_only() -> None:
    assert normalise("09171234567", "US").kind == SenderKind.UNKNOWN
