"""Where a scan came from, so coarsely that it says nothing of a person: one of 256 cells.

A cell is a share of all networks in the world, drawn with a key: the networks of one operator's region (IPv4 /16, IPv6
/32) are in the same cell, and with them one in 256 of all others, some 16 million addresses. Addresses are not kept.
"""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

CELLS = 256
NOWHERE = -1  # a scan whose address says nothing: private, this machine's own, or none
_LABEL = b"coilmark/scan-place/v1\n"
_BYTES = {4: 2, 6: 4}  # of an address that name the region of a network


def place_key(secret: bytes) -> bytes:
    """The key that cells are drawn with, from the secret of the ledger's labels: all its servers draw alike."""
    return hmac.digest(secret, _LABEL, sha256)


def place_of(address: str, key: bytes) -> int:
    """The cell of an address, 0 to 255, or NOWHERE."""
    try:
        ip = ip_address(address)
    except ValueError:
        return NOWHERE
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not ip.is_global:
        return NOWHERE
    return hmac.digest(key, bytes([ip.version]) + ip.packed[: _BYTES[ip.version]], sha256)[0]
