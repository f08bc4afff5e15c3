"""Keys and randomness of the demo, all from one seed: whoever knows it can sign as anyone. For nothing but the demo."""

import hmac
from collections.abc import Callable
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def demo_key(seed: str, name: str) -> bytes:
    """The Ed25519 key of `name`, as PKCS #8 PEM: the same for the same seed."""
    private = Ed25519PrivateKey.from_private_bytes(sha256(f"coilmark demo key\n{seed}\n{name}".encode()).digest())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def demo_randomness(seed: str) -> Callable[[int], bytes]:
    """A source of bytes that gives the same bytes for the same seed (HMAC-SHA-256 of a counter)."""
    state = {"count": 0}

    def take(size: int) -> bytes:
        data = b""
        while len(data) < size:
            state["count"] += 1
            data += hmac.digest(seed.encode(), b"coilmark demo randomness\n%d" % state["count"], "sha256")
        return data[:size]

    return take
