"""Who is at the other end: the connection's address, or what a proxy that we trust says about it."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.conf import settings
from django.http import HttpRequest

from batches.hosts import Address, address_of


def remote_address(request: HttpRequest) -> str | None:
    """The sender's address; None where the connection has none, as on a Unix socket.

    X-Forwarded-For counts only when the connection comes from one of TRUSTED_PROXIES. Each proxy adds the address
    that it saw at the end, so from there back to the first one that is not trusted every entry was written by
    somebody we trust. What stands before it may be invented.
    """
    address = _read(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while hops and address and _trusted(address):
        hop = _read(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address) if address else None


def client_address(request: HttpRequest) -> str:
    """The same as text, empty where there is none."""
    return remote_address(request) or ""


def _read(text: str) -> Address | None:
    """An address as proxies write it: alone, or with a port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return address_of(text)


def _trusted(address: Address) -> bool:
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]
