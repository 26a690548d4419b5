# SPDX-License-Identifier: Apache-2.0
"""The ciphers of the sealed way in plain integers: X25519 (RFC 7748), ChaCha20 and Poly1305 (RFC 8439), HChaCha20
and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), Salsa20, HSalsa20, XSalsa20-Poly1305 and the sealed box
("Extending the Salsa20 nonce", D. J. Bernstein; docs/protocol/sealed.md, "Wrapping").

Slow and not constant-time: for test keys only. What does not open is None.
"""
import hashlib
import struct

P = 2**255 - 19
MASK = 2**32 - 1
CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
TAG_SIZE, SEAL_SIZE = 16, 48
BASE_POINT = (9).to_bytes(32, "little")


# ---- X25519 ------------------------------------------------------------------------------------------


def x25519(secret, point):
    """RFC 7748, section 5: the Montgomery ladder."""
    k = int.from_bytes(secret, "little") & (2**255 - 8) & ~(1 << 255) | 1 << 254
    x1 = (int.from_bytes(point, "little") & 2**255 - 1) % P
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public_key(secret):
    return x25519(secret, BASE_POINT)


# ---- the two cores: twenty rounds over sixteen words -------------------------------------------------


def rotate(x, n):
    return x << n & MASK | x >> 32 - n


def chacha_quarter(s, a, b, c, d):
    s[a] = s[a] + s[b] & MASK
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] = s[c] + s[d] & MASK
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] = s[a] + s[b] & MASK
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] = s[c] + s[d] & MASK
    s[b] = rotate(s[b] ^ s[c], 7)


def salsa_quarter(s, a, b, c, d):
    s[b] ^= rotate(s[a] + s[d] & MASK, 7)
    s[c] ^= rotate(s[b] + s[a] & MASK, 9)
    s[d] ^= rotate(s[c] + s[b] & MASK, 13)
    s[a] ^= rotate(s[d] + s[c] & MASK, 18)


CHACHA_ROUND = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
CHACHA_ROUND += [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
SALSA_ROUND = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)]
SALSA_ROUND += [(0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]


def mixed(state, quarter, round_of):
    out = list(state)
    for _ in range(10):
        for step in round_of:
            quarter(out, *step)
    return out


def added(state, out):
    return struct.pack("<16I", *(a + b & MASK for a, b in zip(state, out)))


def chacha_state(key, counter, nonce):
    """counter and nonce: sixteen bytes together."""
    return [*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", counter + nonce)]


def salsa_state(key, nonce, counter):
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", nonce + counter)
    c = CONSTANTS
    return [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]


def chacha_block(key, counter, nonce):
    state = chacha_state(key, counter.to_bytes(4, "little"), nonce)
    return added(state, mixed(state, chacha_quarter, CHACHA_ROUND))


def salsa_block(key, counter, nonce):
    state = salsa_state(key, nonce, counter.to_bytes(8, "little"))
    return added(state, mixed(state, salsa_quarter, SALSA_ROUND))


def hchacha(key, nonce):
    out = mixed(chacha_state(key, nonce[:4], nonce[4:]), chacha_quarter, CHACHA_ROUND)
    return struct.pack("<8I", *out[:4], *out[12:])


def hsalsa(key, nonce):
    out = mixed(salsa_state(key, nonce[:8], nonce[8:]), salsa_quarter, SALSA_ROUND)
    return struct.pack("<8I", *(out[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


# ---- Poly1305 ------------------------------------------------------------------------------------------


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little")).to_bytes(17, "little")[:16]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


# ---- XChaCha20-Poly1305 ----------------------------------------------------------------------------------


def chacha_stream(key, nonce, size, first):
    count = (size + 63) // 64
    return b"".join(chacha_block(key, first + i, nonce) for i in range(count))


def filled(raw):
    return raw + bytes(-len(raw) % 16)


def aead_tag(key, nonce, box, bound):
    lengths = struct.pack("<QQ", len(bound), len(box))
    return poly1305(chacha_block(key, 0, nonce)[:32], filled(bound) + filled(box) + lengths)


def aead_key(key, nonce):
    return hchacha(key, nonce[:16]), bytes(4) + nonce[16:]


def aead_close(key, nonce, plain, bound):
    key, nonce = aead_key(key, nonce)
    box = xor(plain, chacha_stream(key, nonce, len(plain), 1))
    return box + aead_tag(key, nonce, box, bound)


def aead_open(key, nonce, sealed, bound):
    key, nonce = aead_key(key, nonce)
    box, tag = sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    if len(sealed) < TAG_SIZE or aead_tag(key, nonce, box, bound) != tag:
        return None
    return xor(box, chacha_stream(key, nonce, len(box), 1))


# ---- the sealed box ------------------------------------------------------------------------------------


def secretbox_stream(key, nonce, size):
    key = hsalsa(key, nonce[:16])
    return b"".join(salsa_block(key, i, nonce[16:]) for i in range((size + 63) // 64))


def box_key(secret, public):
    """None: a point of small order, which no key of a person is."""
    shared = x25519(secret, public)
    return hsalsa(shared, bytes(16)) if any(shared) else None


def box_nonce(ephemeral, public):
    return hashlib.blake2b(ephemeral + public, digest_size=24).digest()


def seal_box(plain, public, ephemeral_secret):
    """The ephemeral secret is random in earnest; vectors choose it."""
    ephemeral = public_key(ephemeral_secret)
    key = box_key(ephemeral_secret, public)
    stream = secretbox_stream(key, box_nonce(ephemeral, public), 32 + len(plain))
    box = xor(plain, stream[32:])
    return ephemeral + poly1305(stream[:32], box) + box


def open_box(sealed, secret):
    if len(sealed) < SEAL_SIZE:
        return None
    ephemeral, tag, box = sealed[:32], sealed[32:SEAL_SIZE], sealed[SEAL_SIZE:]
    public, key = public_key(secret), box_key(secret, ephemeral)
    if key is None:
        return None
    stream = secretbox_stream(key, box_nonce(ephemeral, public), 32 + len(box))
    return xor(box, stream[32:]) if poly1305(stream[:32], box) == tag else None
