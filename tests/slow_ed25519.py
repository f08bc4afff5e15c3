"""Ed25519 as RFC 8032 5.1 writes it: slow, obvious. It signs what nobody honest signs: points with a part of low order.

Points are (X, Y, Z, T) with x = X/Z, y = Y/Z and T = XY/Z. It shares no arithmetic with what it is held against.
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    """5.1.4."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(n, point):
    total = NEUTRAL
    while n:
        total = add(total, point) if n & 1 else total
        point, n = add(point, point), n >> 1
    return total


def encode(point):
    """5.1.2."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_of(y, sign):
    """5.1.3; None where no x fits."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


BASE = point_of(4 * pow(5, -1, P) % P, 0)
# A point times L has what order divides 8: of this one it has order 8.
_EIGHTH = multiply(L, point_of(3, 0))
LOW_ORDER = [multiply(n, _EIGHTH) for n in range(8)]


def challenge(r, a, message):
    """The integer h of 5.1.6 and 5.1.7."""
    return int.from_bytes(sha512(r + a + message).digest(), "little") % L


def sign(secret, nonce, message, *, low_a=NEUTRAL, low_r=NEUTRAL):
    """Key and signature of two scalars: A and R as they should be, and what is added to either."""
    a, r = encode(add(multiply(secret, BASE), low_a)), encode(add(multiply(nonce, BASE), low_r))
    s = (nonce + challenge(r, a, message) * secret) % L
    return a, r + s.to_bytes(32, "little")


def decode(encoded):
    whole = int.from_bytes(encoded, "little")
    return point_of(whole & 2**255 - 1, whole >> 255)


def holds(key, message, signature, *, cofactor):
    """5.1.7: whether c·S·B = c·R + c·h·A."""
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    left = multiply(cofactor * s, BASE)
    right = multiply(cofactor, add(r, multiply(challenge(signature[:32], key, message), a)))
    return encode(left) == encode(right)
