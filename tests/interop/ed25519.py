# SPDX-License-Identifier: Apache-2.0
"""Ed25519 in plain integers, after RFC 8032 section 5.1 and docs/protocol/objects.md.

Slow and not constant-time: for test keys only. Verification is the strict one of the protocol:
S reduced, neither the key nor R of small order, no encoding with y >= p, no cofactor in the
equation (the encoding of [S]B - [k]A must be R's very bytes).
"""
import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def multiply(n, p):
    out = IDENTITY
    while n > 0:
        if n & 1:
            out = add(out, p)
        p = add(p, p)
        n >>= 1
    return out


def multiply_base(n):
    out = IDENTITY
    for power in BASE_POWERS:
        if n & 1:
            out = add(out, power)
        n >>= 1
    return out


def encode(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(raw):
    """The point, or None when the bytes are not the canonical encoding of one."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    if v * x * x % P != u or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
BASE_POWERS = [BASE]
while len(BASE_POWERS) < 256:
    BASE_POWERS.append(add(BASE_POWERS[-1], BASE_POWERS[-1]))


def is_small_order(p):
    x, y, z, _ = multiply(8, p)
    return x == 0 and y == z


def secret_scalar(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & (2**254 - 8) | 2**254, h[32:]


@functools.cache
def public_key(seed):
    return encode(multiply_base(secret_scalar(seed)[0]))


def challenge(r, key, message):
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def sign(seed, message):
    a, prefix = secret_scalar(seed)
    key = public_key(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    big_r = encode(multiply_base(r))
    s = (r + challenge(big_r, key, message) * a) % L
    return big_r + s.to_bytes(32, "little")


@functools.cache
def verify(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    a, r = decode(key), decode(signature[:32])
    if s >= L or a is None or r is None or is_small_order(a) or is_small_order(r):
        return False
    k = challenge(signature[:32], key, message)
    return encode(add(multiply_base(s), negate(multiply(k, a)))) == signature[:32]
