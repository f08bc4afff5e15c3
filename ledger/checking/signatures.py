"""Signatures verified where there are many: what libsodium says yes to is good, everything else the kernel is asked.

By the kernel's policy A and R are canonical and not of low order, and S < L. What is left is one equation without the
cofactor, R = S·B - h·A (RFC 8032 5.1.7), of which libsodium's encoded right side is compared with R as OpenSSL's is.
"""

import functools

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from ledger.kernel import signatures
from ledger.kernel.keys import ED25519, KEY_OF_ALGORITHM, PublicKey, verify_signature

# Key, message and signature with a point of order 8 added to R: good with the cofactor, and by our policy not.
COFACTORED = (
    bytes.fromhex("b862409fb5c4c4123df2abf7462b88f041ad36dd6864ce872fd5472be363c5b1"),
    b"coilmark",
    bytes.fromhex(
        "c891dd2fc0ca87a7460193895e046a914c11b66fdffa8e6b7c3ba83138499c70"
        "090327f12e912adf0f9ac1d23ad328b58bf573327fdef303869bd8d6947c0507"
    ),
)


def verify_fast(key: PublicKey, alg: str, message: bytes, signature: bytes) -> bool:
    """As the kernel's `verify_signature`: a good Ed25519 signature in half the time, a bad one in more."""
    return is_plainly_good(key, alg, message, signature) or verify_signature(key, alg, message, signature)


def is_plainly_good(key: PublicKey, alg: str, message: bytes, signature: bytes) -> bool:
    """Whether libsodium takes it. False says nothing: it may be no Ed25519, or this libsodium not to be trusted."""
    return (
        KEY_OF_ALGORITHM.get(alg) == key.alg == ED25519
        and _is_sound_key(key.raw)
        and signatures.is_sound_ed25519(signature)
        and _has_no_cofactor()
        and _opens(key.raw, message, signature)
    )


# A party's key is the same in all its statements.
_is_sound_key = functools.lru_cache(maxsize=4096)(signatures.is_sound_point)


@functools.cache  # asked once a process, when the first signature comes
def _has_no_cofactor() -> bool:
    """Whether the libsodium at hand verifies as we do. Releases to 1.0.22 do; its main branch takes the cofactor in."""
    return not _opens(*COFACTORED)


def _opens(raw: bytes, message: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + message, raw)
    except BadSignatureError:
        return False
    return True
