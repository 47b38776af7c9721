"""Boneh-Franklin encryption of RFC 5091 in its DER, the parameters of RFC 5408, and dated identities."""

import functools
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timezone

from pairing import Type1Curve, hash_bytes, hash_to_range

SEQUENCE, INTEGER, OCTETS, OID, IA5, TIME = 0x30, 2, 4, 6, 0x16, 0x18
TYPE_1_CURVE = "2.16.840.1.114334.1.1.1.1"
BONEH_FRANKLIN = "2.16.840.1.114334.1.1.2.1"
DATED_IDENTITY = "2.25.248372414042866169198979541751438022781"
HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
}
SIZES = {"sha1": (512, 160), "sha224": (1024, 224), "sha256": (1536, 256), "sha384": (3840, 384)}


class Refused(ValueError):
    """What came is not what it should be."""


def require(condition, fault):
    if not condition:
        raise Refused(fault)


# DER


def der(tag, *parts):
    body = b"".join(parts)
    size = (len(body).bit_length() + 7) // 8
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x80 | size]) + len(body).to_bytes(size, "big")
    return bytes([tag]) + length + body


def der_integer(n):
    return der(INTEGER, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def der_point(point):
    return der(SEQUENCE, *map(der_integer, point))


def der_oid(text):
    arcs = [int(a) for a in text.split(".")]
    body = b""
    for arc in [40 * arcs[0] + arcs[1]] + arcs[2:]:
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 127)
        body += bytes(reversed(digits))
    return der(OID, body)


class Reader:
    def __init__(self, octets):
        self.rest = octets

    def read(self, tag):
        octets = self.rest
        require(len(octets) >= 2 and octets[0] == tag, f"no DER of tag {tag}")
        length, start = octets[1], 2
        if length > 127:
            start += length & 127
            length = int.from_bytes(octets[2:start], "big")
        require(start + length <= len(octets), "DER that is cut off")
        body, self.rest = octets[start : start + length], octets[start + length :]
        require(der(tag, body) == octets[: start + length], "a DER length that is not minimal")
        return body

    def sequence(self):
        return Reader(self.read(SEQUENCE))

    def integer(self):
        body = self.read(INTEGER)
        n = int.from_bytes(body, "big")
        require(der_integer(n) == der(INTEGER, body), "a DER integer that is negative or not minimal")
        return n

    def point(self):
        inner = self.sequence()
        point = inner.integer(), inner.integer()
        inner.end()
        return point

    def end(self):
        require(not self.rest, "octets after the last field")


# Parameters, keys


@dataclass(eq=False)
class Parameters:
    curve: Type1Curve
    P: tuple
    P_pub: tuple
    hash_name: str

    @classmethod
    def parse(cls, octets):
        outer = Reader(octets)
        fields = outer.sequence()
        outer.end()
        require(fields.integer() == 2, "BFPublicParameters of another version")
        require(der(OID, fields.read(OID)) == der_oid(TYPE_1_CURVE), "another curve")
        curve = Type1Curve(fields.integer(), fields.integer())
        P, P_pub = fields.point(), fields.point()
        oid = der(OID, fields.read(OID))
        fields.end()
        names = [name for text, name in HASHES.items() if der_oid(text) == oid]
        require(names, "an unknown hash function")
        require((curve.p.bit_length(), curve.q.bit_length()) == SIZES[names[0]], "p or q of another size")
        require(curve.p % 12 == 11 and (curve.p + 1) % (12 * curve.q) == 0, "p is not 12 r q - 1")
        require(curve.in_subgroup(P) and curve.in_subgroup(P_pub), "P or P_pub has another order")
        return cls(curve, P, P_pub, names[0])

    def encode(self):
        oid = next(text for text, name in HASHES.items() if name == self.hash_name)
        return der(
            SEQUENCE,
            der_integer(2),
            der_oid(TYPE_1_CURVE),
            der_integer(self.curve.p),
            der_integer(self.curve.q),
            der_point(self.P),
            der_point(self.P_pub),
            der_oid(oid),
        )

    def digest(self, octets):
        return hashlib.new(self.hash_name, octets).digest()

    @functools.cache
    def mask(self, identity):
        """e'(P_pub, Q_id), which is the same for all that is encrypted to one identity."""
        return self.curve.pairing(self.P_pub, self.public_key(identity))

    @functools.cache
    def public_key(self, identity):
        return self.curve.hash_to_point(identity, self.hash_name)

    def private_key(self, octets, identity):
        """BFPrivateKeyBlock, with the check that it is that identity's: e'(S, P) = e'(Q, P_pub)."""
        outer = Reader(octets)
        block = outer.sequence()
        outer.end()
        require(block.integer() == 2, "a private key of another version")
        key = block.point()
        block.end()
        require(self.curve.in_subgroup(key), "a private key of another order")
        require(self.curve.pairing(key, self.P) == self.mask(identity), "a private key of another identity")
        return key

    def encrypt(self, identity, plaintext, rho=None):
        size = len(self.digest(b""))
        while True:
            rho_now = rho or os.urandom(size)
            l = hash_to_range(rho_now + self.digest(plaintext), self.curve.q, self.hash_name)
            if l:
                break
            require(rho is None, "l is 0")
        theta = self.curve.power(self.mask(identity), l)
        v = xor(self.digest(self.curve.canonical(theta)), rho_now)
        w = xor(hash_bytes(len(plaintext), rho_now, self.hash_name), plaintext)
        return ciphertext_block(self.curve.multiply(l, self.P), v, w)

    def decrypt(self, key, octets):
        outer = Reader(octets)
        block = outer.sequence()
        outer.end()
        require(block.integer() == 2, "a ciphertext of another version")
        u, v, w = block.point(), block.read(OCTETS), block.read(OCTETS)
        block.end()
        require(self.curve.contains(u), "U is off the curve")
        require(len(v) == len(self.digest(b"")), "V has another length")
        try:
            theta = self.curve.pairing(key, u)  # e' is symmetric
        except ValueError as error:
            raise Refused(str(error))
        rho = xor(self.digest(self.curve.canonical(theta)), v)
        plaintext = xor(hash_bytes(len(w), rho, self.hash_name), w)
        l = hash_to_range(rho + self.digest(plaintext), self.curve.q, self.hash_name)
        require(l and self.curve.multiply(l, self.P) == u, "U is not [l]P: another key, or changed on the way")
        return plaintext


def ciphertext_block(u, v, w):
    return der(SEQUENCE, der_integer(2), der_point(u), der(OCTETS, v), der(OCTETS, w))


def private_key_block(key):
    return der(SEQUENCE, der_integer(2), der_point(key))


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


@dataclass
class SystemParameters:
    """IBESysParams, section 6 of docs/protocol.md."""

    district: str
    serial: int
    not_before: datetime
    not_after: datetime
    parameters: Parameters

    @classmethod
    def parse(cls, octets):
        outer = Reader(octets)
        fields = outer.sequence()
        outer.end()
        require(fields.integer() == 2, "IBESysParams of another version")
        district, serial = fields.read(IA5).decode("ascii"), fields.integer()
        require(district.startswith("sip:") and serial >= 1, "no district of this project")
        validity = fields.sequence()
        times = [
            datetime.strptime(validity.read(TIME).decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc) for _ in "ab"
        ]
        validity.end()
        algorithms, found = fields.sequence(), {}
        while algorithms.rest:
            entry = algorithms.sequence()
            oid = entry.read(OID)
            require(oid not in found, "an algorithm that comes twice")
            found[oid] = entry.read(OCTETS)
            entry.end()
        require(der(OID, fields.read(OID)) == der_oid(DATED_IDENTITY), "another type of identities")
        if fields.rest:
            fields.sequence().end()
        fields.end()
        bf = der_oid(BONEH_FRANKLIN)[2:]
        require(bf in found, "no Boneh-Franklin parameters")
        return cls(district, serial, *times, Parameters.parse(found[bf]))


def dated(identity, day):
    """Choice 12. `day` is a date, or a time in UTC."""
    return identity + day.strftime("%Y-%m-%d").encode()
