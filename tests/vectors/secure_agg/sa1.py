"""SA-1 as docs/protocol/secure_aggregation.md states it, written from that page
alone: bytes, keys, graph, shares, masks. Slow and plain on purpose."""
import hashlib
import math
import struct
from fractions import Fraction

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P = 2**61 - 1


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- docs/formats/codec.md

def u8(v):
    return struct.pack("<B", v)


def u32(v):
    return struct.pack("<I", v)


def u64(v):
    return struct.pack("<Q", v)


def i64(v):
    return struct.pack("<q", v)


def f64(v):
    return struct.pack("<d", v)


def octets(v):
    v = v.encode() if isinstance(v, str) else v
    return u32(len(v)) + v


def tagged(tag, *fields):
    return octets(tag) + b"".join(fields)


# ---- Protobuf's wire format; fields with their default value are left out.

def varint(v):
    v &= 2**64 - 1
    out = b""
    while v >= 128:
        out += u8(v & 127 | 128)
        v >>= 7
    return out + u8(v)


def pb(*fields):
    """Of (number, value): int, bool, float, str, bytes, or a list of messages."""
    out = b""
    for number, value in fields:
        if isinstance(value, list):
            for item in value:
                out += varint(number << 3 | 2) + varint(len(item)) + item
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + f64(value) if value else b""
        elif isinstance(value, int):
            out += varint(number << 3) + varint(int(value)) if value else b""
        elif value:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


# ---- Keys and streams

def ed25519_public(seed):
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def x25519_public(scalar):
    key = X25519PrivateKey.from_private_bytes(scalar).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519(scalar, public):
    return X25519PrivateKey.from_private_bytes(scalar).exchange(
        X25519PublicKey.from_public_bytes(public))


def hkdf(ikm, info):
    return HKDF(SHA256(), 32, None, info).derive(ikm)


def chacha20(key, length):
    return Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor().update(
        bytes(length))


def aes256_ctr(key, length):
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(
        bytes(length))


STREAMS = {"aes256-ctr": aes256_ctr, "chacha20": chacha20}


def vector_key(seed, name):
    return hkdf(seed, tagged("sotto/secagg/vector/v1", octets(name)))


def lane_bytes(bits):
    return 2 if bits <= 16 else 4


def lanes(prg, key, bits, count):
    width = lane_bytes(bits)
    data = STREAMS[prg](key, count * width)
    return [int.from_bytes(data[i * width:(i + 1) * width], "little")
            for i in range(count)]


def packed(elements, bits):
    joined = sum(y << i * bits for i, y in enumerate(elements))
    return joined.to_bytes((len(elements) * bits + 7) // 8, "little")


class Draws:
    """The bytes that one party draws, in order: the ChaCha20 stream of a key."""

    def __init__(self, key):
        self.key, self.data, self.at = key, b"", 0

    def take(self, count):
        while self.at + count > len(self.data):
            self.data = chacha20(self.key, 2 * len(self.data) + 65536)
        self.at += count
        return self.data[self.at - count:self.at]

    def below(self, bound):
        limit = 2**64 // bound * bound
        while True:
            value = int.from_bytes(self.take(8), "little")
            if value < limit:
                return value % bound

    def elements(self, count):
        """Of the field: 61 bits of eight bytes each. How a client draws is its
        own affair; ours does so, which makes its messages comparable."""
        drawn = [int.from_bytes(self.take(8), "little") >> 3 for _ in range(count)]
        return [d if d < P else self.below(P) for d in drawn]


# ---- Shares

def limbs_of(secret):
    return [int.from_bytes(secret[i:i + 7], "little") for i in range(0, 32, 7)]


def split(secret, t, points, draws):
    shares = {x: [] for x in points}
    drawn = draws.elements(5 * (t - 1))
    for i, limb in enumerate(limbs_of(secret)):
        coefficients = [limb] + drawn[i::5]
        for x in points:
            shares[x].append(
                sum(c * pow(x, e, P) for e, c in enumerate(coefficients)) % P)
    return shares


def combine(shares):
    """Of {point: limbs}, all of which are used."""
    secret = b""
    for limb in range(5):
        value = 0
        for x, y in shares.items():
            weight = 1
            for other in shares:
                if other != x:
                    weight = weight * other * pow(other - x, -1, P) % P
            value = (value + weight * y[limb]) % P
        secret += value.to_bytes(7 if limb < 4 else 4, "little")
    return secret


def share_bytes(limbs):
    return b"".join(u64(limb) for limb in limbs)


# ---- Graph

def tree_levels(leaves):
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [sha256(tagged("sotto/secagg/node/v1", octets(below[i]),
                               octets(below[i + 1])))
                 for i in range(0, len(below) - 1, 2)]
        levels.append(above + below[len(above) * 2:])
    return levels


def tree_path(levels, index):
    path = []
    for level in levels:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return path


def graph_seed(key_root, task, round_no):
    return sha256(tagged("sotto/secagg/graph/v1", octets(key_root), octets(task),
                         u64(round_no)))


def ring_order(seed, n):
    blocks = chacha20(seed, 64 * 4 * n)
    at, order = 0, list(range(n))
    for i in range(n - 1, 0, -1):
        while True:
            value = int.from_bytes(blocks[64 * at:64 * at + 8], "little")
            at += 1
            if value < 2**64 // (i + 1) * (i + 1):
                break
        j = value % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def neighbours(order, k, u):
    n, place = len(order), order.index(u)
    if k == n - 1:
        return [v for v in range(n) if v != u]
    return sorted(order[(place + step) % n]
                  for step in range(-k // 2, k // 2 + 1) if step != 0)


def log2_tail(n, marked, draws, least):
    """log2 of P[at least so many of the draws are marked], exact."""
    total = sum(math.comb(marked, i) * math.comb(n - marked, draws - i)
                for i in range(max(least, 0), min(marked, draws) + 1))
    if total == 0:
        return -math.inf
    p = Fraction(total, math.comb(n, draws))
    shift = p.numerator.bit_length() - p.denominator.bit_length()
    return shift + math.log2(p / Fraction(2) ** shift)


def find_graph(n, gamma, delta, sigma, eta, n_min):
    """(k, t) of the section "Thresholds"."""
    corrupted, dropped = math.floor(gamma * n), math.floor(delta * n)
    if n <= 50:
        return n - 1, (n - 1 + corrupted) // 2 + 1
    bad = corrupted + n - n_min
    for k in range(2, n - 1, 2):
        if k <= bad:
            runs = n * (n - k - 1) // 2 * math.factorial(bad) * math.factorial(n - k)
            ways = Fraction(runs, math.factorial(n) * math.factorial(bad - k))
            if not ways < Fraction(1, 2 ** (sigma + 1)):
                continue
        a = next(a for a in range(k + 1)
                 if math.log2(n) + log2_tail(n, corrupted, k, a + 1) <= -sigma - 1)
        t = (k + a) // 2 + 1
        if math.log2(n) + log2_tail(n, dropped, k, k - t + 1) <= -eta:
            return k, t
    return n - 1, (n - 1 + corrupted) // 2 + 1


# ---- Bytes that are hashed or signed

def certificate(issuer_seed, identity, population, not_before, not_after):
    body = tagged("sotto/certificate/v1", octets(sha256(identity)[:16]),
                  octets(identity), octets(population), i64(not_before),
                  i64(not_after))
    return body + sign(issuer_seed, body)


def advertisement_bytes(a):
    return tagged("sotto/secagg/advertise/v1", octets(a["certificate"]),
                  octets(a["c_pk"]), octets(a["s_pk"]), octets(a["nonce"]),
                  octets(a["round_id"]), octets(a["task"]), u64(a["round"]),
                  octets(a["model_hash"]), octets(a["plan_hash"]))


def leaf_hash(a):
    return sha256(tagged("sotto/secagg/leaf/v1", octets(advertisement_bytes(a)),
                         octets(a["signature"])))


def manifest_bytes(m):
    vectors = [octets(v["name"]) + u32(v["length"]) + u32(v["bits"]) +
               u64(v["bound"]) + u8(v["modular"]) for v in m["vectors"]]
    return tagged("sotto/secagg/manifest/v1", u32(m["version"]), octets(m["task"]),
                  u64(m["round"]), octets(m["round_id"]), u32(len(vectors)),
                  *vectors, u32(m["n"]), u32(m["k"]), u32(m["t"]), u32(m["n_min"]),
                  f64(m["gamma"]), f64(m["delta"]), octets(m["model_hash"]),
                  octets(m["plan_hash"]), octets(m["previous_model_hash"]),
                  octets(m["key_root"]), i64(m["deadline_ms"]), octets(m["prg"]))


def session_id(m):
    return sha256(tagged("sotto/secagg/session/v1", octets(manifest_bytes(m))))


def channel_info(session, u, v):
    return tagged("sotto/secagg/channel/v1", octets(session), u32(u), u32(v))


def mask_info(session, m, u, v):
    return tagged("sotto/secagg/mask/v1", octets(session), octets(m["key_root"]),
                  octets(m["model_hash"]), octets(m["plan_hash"]), u32(min(u, v)),
                  u32(max(u, v)))


def commitment(session, b):
    return sha256(tagged("sotto/secagg/self-mask/v1", octets(session), octets(b)))


def share_plaintext(session, u, v, of_mask_key, of_self_mask):
    return tagged("sotto/secagg/share/v1", u32(u), u32(v), octets(session),
                  octets(of_mask_key), octets(of_self_mask))


def seal(key, nonce, session, u, v, plaintext):
    aad = tagged("sotto/secagg/share-aad/v1", octets(session), u32(u), u32(v))
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def shares_bytes(session, sender, h, shares):
    return tagged("sotto/secagg/shares/v1", octets(session), u32(sender), octets(h),
                  u32(len(shares)), *[u32(v) + octets(c) for v, c in shares])


def set_bytes(kind, session, bitmap):
    return tagged(f"sotto/secagg/{kind}/v1", octets(session), octets(bitmap))


def survivor_bytes(session, members, survivors):
    return tagged("sotto/secagg/u3/v2", octets(session), octets(members),
                  octets(survivors))


def input_bytes(session, sender, digest):
    return tagged("sotto/secagg/input/v1", octets(session), u32(sender),
                  octets(digest))


def unmask_bytes(session, sender, shares):
    return tagged("sotto/secagg/unmask/v1", octets(session), u32(sender),
                  u32(len(shares)),
                  *[u32(v) + u8(kind) + octets(s) for v, kind, s in shares])


def complaint_bytes(round_id, sender, accused, code, reason):
    return tagged("sotto/secagg/complaint/v1", octets(round_id), u32(sender),
                  i64(accused), u32(code), octets(reason))


def bitmap(members, n):
    out = bytearray((n + 7) // 8)
    for i in members:
        out[i // 8] |= 1 << i % 8
    return bytes(out)


# ---- Messages

def advertisement_pb(a):
    return pb((1, a["certificate"]), (2, a["c_pk"]), (3, a["s_pk"]), (4, a["nonce"]),
              (5, a["round_id"]), (6, a["task"]), (7, a["round"]),
              (8, a["model_hash"]), (9, a["plan_hash"]), (10, a["signature"]))


def manifest_pb(m):
    vectors = [pb((1, v["name"]), (2, v["length"]), (3, v["bits"]), (4, v["bound"]),
                  (5, v["modular"])) for v in m["vectors"]]
    return pb((1, m["version"]), (2, m["task"]), (3, m["round"]), (4, m["round_id"]),
              (5, vectors), (6, m["n"]), (7, m["k"]), (8, m["t"]), (9, m["n_min"]),
              (10, m["gamma"]), (11, m["delta"]), (12, m["model_hash"]),
              (13, m["plan_hash"]), (14, m["previous_model_hash"]),
              (15, m["key_root"]), (16, m["deadline_ms"]), (17, m["prg"]))


def roster_pb(m, signature, members):
    return pb((1, [manifest_pb(m)]), (2, signature),
              (3, [pb((1, index), (2, [advertisement_pb(a)]), (3, b"".join(path)))
                   for index, a, path in members]))


def pairs_pb(pairs):
    return [pb((1, number), (2, value)) for number, value in pairs]


def shares_pb(sender, shares, h, signature):
    return pb((1, sender), (2, pairs_pb(shares)), (3, h), (4, signature))


def delivery_pb(members, shares, signature):
    return pb((1, members), (2, pairs_pb(shares)), (3, signature))


def chunk_pb(sender, vector, offset, elements, last, signature, told=b""):
    return pb((1, sender), (2, vector), (3, offset), (4, elements), (5, last),
              (6, signature), (7, told))


def unmask_pb(sender, shares, signature):
    return pb((1, sender), (2, [pb((1, v), (2, kind), (3, s))
                                for v, kind, s in shares]), (3, signature))
