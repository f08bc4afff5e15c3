"""Which points, scalars and numbers a signature may be made of (SPEC 4.1).

Libraries agree on honest signatures and differ on the others, so the policy is written here and not left to one:
every encoding that could be read in two ways is refused before the library sees it. RFC 8032 5.1.7 without the
cofactor does the rest. A key with a component of low order beside one of prime order is allowed, as everywhere: no
list of encodings can tell it.
"""

ED25519_P = 2**255 - 19
ED25519_L = 2**252 + 27742317777372353535851937790883648493
ED25519_D = -121665 * pow(121666, -1, ED25519_P) % ED25519_P
P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIGNATURE_SIZE = 64
_Y_BITS = 2**255 - 1
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# y of the eight points whose order divides 8: order 1, 2, 4 (twice), 8 (four times).
_LOW_ORDER_Y = frozenset({1, ED25519_P - 1, 0, _Y_OF_ORDER_8, ED25519_P - _Y_OF_ORDER_8})


def is_sound_point(encoded: bytes) -> bool:
    """Whether 32 bytes can stand as A or R: canonical (RFC 8032 5.1.3, y < p) and not of low order.

    The other encoding of canonical y that has two, x = 0 with the sign bit set, is of low order too. Not checked:
    that the point is on the curve (`is_on_curve`), because verification finds that out by itself.
    """
    y = int.from_bytes(encoded, "little") & _Y_BITS
    return len(encoded) == 32 and y < ED25519_P and y not in _LOW_ORDER_Y


def is_on_curve(encoded: bytes) -> bool:
    """Whether some x fits the y of an encoded point: (y² - 1) / (d·y² + 1) is a square (RFC 8032 5.1.3)."""
    square = pow(int.from_bytes(encoded, "little") & _Y_BITS, 2, ED25519_P)
    x_square = (square - 1) * pow(ED25519_D * square + 1, -1, ED25519_P) % ED25519_P
    return pow(x_square, (ED25519_P - 1) // 2, ED25519_P) in (0, 1)


def is_sound_ed25519(signature: bytes) -> bool:
    """Whether 64 bytes are R ‖ S with a sound R and S < L, so that nobody can make a second one from the first."""
    return (
        len(signature) == SIGNATURE_SIZE
        and int.from_bytes(signature[32:], "little") < ED25519_L
        and is_sound_point(signature[:32])
    )


def es256_numbers(signature: bytes) -> tuple[int, int] | None:
    """(r, s) of 64 raw bytes (RFC 7518 3.4), or None where one is outside 1 ≤ r,s < n.

    High s is allowed: hardware makes it, and (iss, jti) decides what is a retry, never the signature.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_SIZE or not (0 < r < P256_N and 0 < s < P256_N):
        return None
    return r, s
