"""Where a host is: on this machine, in one's own network, or out where everybody can listen."""

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

# Names that no public server has (RFC 6761, 6762, 8375, ICANN's .internal), and what routers call their own network.
LOCAL_ENDINGS = (".localhost", ".local", ".lan", ".internal", ".home.arpa")


def is_loopback(host: str) -> bool:
    """It is this machine, by its name or address."""
    address = address_of(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def is_local(host: str) -> bool:
    """It is this machine or in its own network, where a name is often a bare one."""
    address = address_of(host)
    if address:
        return not address.is_global
    name = host.rstrip(".")
    return "." not in name or name.endswith(LOCAL_ENDINGS)


def address_of(host: str) -> Address | None:
    """The address that `host` is, also as it stands in a URL; None for a name.

    An IPv4 address in IPv6 (RFC 4291) is that address. The zone of an IPv6 address (RFC 4007) means nothing on another
    machine, and no database takes it: it is left out.
    """
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
