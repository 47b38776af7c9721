"""MIKEY: payloads and messages (RFC 3830, 6043, 6267), key derivation, and the request for keys (choice 19)."""

import hmac
import os
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ibe import Refused, require

LAST, KEMAC, T, ID, V, RAND, ERR, IDR, KEY_DATA, EXTENSION, IBAKE, ESK, SK, ECCPT = (
    0,
    1,
    5,
    6,
    9,
    11,
    12,
    14,
    20,
    21,
    22,
    23,
    24,
    25,
)
ERROR, REQUEST_KEY_PSK, REQUEST_KEY_RESP, I_MESSAGE_1, R_MESSAGE_1, I_MESSAGE_2, R_MESSAGE_2 = 6, 19, 21, 22, 23, 24, 25
INITIATOR, RESPONDER, KMS, PSK = 1, 2, 3, 4
URI, BYTE_STRING = 1, 2
EMPTY_MAP = b"\0\1"  # no crypto session
HMAC_SHA_256, AES_CM_256, PRF_SHA_256 = 2, 3, 1


# Payloads: a kind and what follows its next-payload octet


def t(ntp):
    return T, b"\0" + ntp


def rand(octets):
    return RAND, bytes([len(octets)]) + octets


def idr(role, data, kind=URI):
    return IDR, struct.pack(">BBH", role, kind, len(data)) + data


def encrypted(kind, data):
    return kind, struct.pack(">H", len(data)) + data


def chain(payloads):
    """Each payload names the next one."""
    kinds = [kind for kind, _ in payloads[1:]] + [LAST]
    return b"".join(bytes([after]) + body for (_, body), after in zip(payloads, kinds))


def unchain(first, octets):
    """The payloads of a chain, to its very end."""
    payloads, kind = [], first
    while kind != LAST:
        require(octets, "truncated")
        after, body = octets[0], octets[1:]
        size = length_of(kind, body)
        require(size <= len(body), "truncated")
        payloads.append((kind, body[:size]))
        kind, octets = after, body[size:]
    require(not octets, "octets after the last payload")
    return payloads


def length_of(kind, body):
    def at(offset, size):
        require(len(body) >= offset + size, "truncated")
        return int.from_bytes(body[offset : offset + size], "big")

    if kind == T:
        require(at(0, 1) == 0, "an unknown type of timestamp")
        return 9
    if kind == RAND:
        return 1 + at(0, 1)
    if kind == IDR:
        return 4 + at(2, 2)
    if kind in (ID, EXTENSION):
        return 3 + at(1, 2)
    if kind in (IBAKE, ESK):
        return 2 + at(0, 2)
    if kind == V:
        require(at(0, 1) == HMAC_SHA_256, "an unknown MAC algorithm")
        return 33
    if kind == ERR:
        return 3
    if kind == KEMAC:
        size = 3 + at(1, 2)
        require(at(size, 1) == 0, "KEMAC has a MAC of its own")
        return size + 1
    if kind in (SK, KEY_DATA):
        require(at(0, 1) & 15 == 0, "a key validity")
        return 3 + at(1, 2)
    if kind == ECCPT:
        sizes = {8: 32, 11: 48, 14: 66}
        require(at(0, 1) in sizes, "an unknown curve")
        point = 1 + sizes[at(0, 1)] * (2 if at(1, 1) == 4 else 1)
        padding = -(2 + point) % 4
        require(at(1 + point, padding) == 0, "padding that is not zero")
        require(at(1 + point + padding + 3, 1) & 15 == 0, "a key validity")
        return 1 + point + padding + 4
    raise Refused(f"an unknown payload {kind}")


# Messages


@dataclass
class Message:
    data_type: int
    csb_id: bytes
    payloads: list
    prf: int = PRF_SHA_256
    v_flag: int = 1
    version: int = 1
    map: bytes = EMPTY_MAP  # with #CS before it

    def encode(self):
        first = self.payloads[0][0] if self.payloads else LAST
        header = bytes([self.version, self.data_type, first, self.v_flag << 7 | self.prf])
        return header + self.csb_id + self.map + chain(self.payloads)

    def signed(self, key, identities):
        """With V behind, over the message through V's Auth alg octet and the identities."""
        return Message(**{**self.__dict__, "payloads": self.payloads + [(V, bytes([HMAC_SHA_256]))]}).seal(
            key, identities
        )

    def seal(self, key, identities):
        start = self.encode()
        return start + hmac.digest(key, start + identities, "sha256")

    @classmethod
    def parse(cls, octets):
        require(len(octets) >= 10 and octets[0] == 1, "no MIKEY")
        sessions, kind = octets[8:10]
        require(kind in (0, 1), "an unknown map")
        end = 10 + (9 * sessions if kind == 0 else 0)
        require(len(octets) >= end, "truncated")
        payloads = unchain(octets[2], octets[end:])
        return cls(octets[1], octets[4:8], payloads, octets[3] & 127, octets[3] >> 7, map=octets[8:end])

    def all(self, kind):
        return [body for k, body in self.payloads if k == kind]

    def one(self, kind):
        bodies = self.all(kind)
        require(len(bodies) == 1, f"not one payload {kind}")
        return bodies[0]

    @property
    def ntp(self):
        return self.one(T)[1:]

    @property
    def rand(self):
        return self.one(RAND)[1:]

    def identity(self, role):
        data = [body[4:] for body in self.all(IDR) if body[0] == role and body[1] == URI]
        require(len(data) == 1, f"not one identity of role {role}")
        return data[0]

    def encr_data(self, kind):
        return self.one(kind)[2:]

    @property
    def error(self):
        """The number of an Error message, None in any other."""
        return self.one(ERR)[0] if self.data_type == ERROR else None


def verify(octets, key, identities):
    require(Message.parse(octets).payloads[-1][0] == V, "V is not last")
    require(hmac.compare_digest(hmac.digest(key, octets[:-32] + identities, "sha256"), octets[-32:]), "a wrong MAC")


# Time

EPOCH = datetime(1900, 1, 1, tzinfo=timezone.utc)


def ntp(time):
    elapsed = time - EPOCH
    seconds = elapsed.days * 86400 + elapsed.seconds
    return struct.pack(">II", seconds % 2**32, (elapsed.microseconds << 32) // 1_000_000)


def time_of(octets):
    seconds, fraction = struct.unpack(">II", octets)
    era = 0 if seconds >> 31 else 2**32
    return EPOCH + timedelta(seconds=seconds + era, microseconds=fraction * 1_000_000 >> 32)


# Keys


def prf(key, label, bits):
    """PRF-HMAC-SHA-256 of RFC 6043: that of RFC 3830 with blocks of 256 bits."""
    count, result = -(-bits // 256), 0
    for start in range(0, len(key), 32):
        part, a, octets = key[start : start + 32], label, b""
        for _ in range(count):
            a = hmac.digest(part, a, "sha256")
            octets += hmac.digest(part, a + label, "sha256")
        result ^= int.from_bytes(octets, "big")
    return result.to_bytes(32 * count, "big")[: bits // 8]


def derive(key, constant, csb_id, random, bits=256):
    return prf(key, bytes.fromhex(constant) + b"\xff" + csb_id + random, bits)


ENCRYPTION, AUTHENTICATION, SALT, MPK, TGK = "150533E1", "2D22AC75", "29B88916", "220E99A2", "1F4D675B"


# Private keys from the KMS


@dataclass
class KeyRequest:
    psk_name: bytes
    psk: bytes
    kms: bytes
    identities: list  # dated
    ntp: bytes
    csb_id: bytes = field(default_factory=lambda: os.urandom(4))
    rand: bytes = field(default_factory=lambda: os.urandom(16))

    def key(self, constant, bits=256):
        return derive(self.psk, constant, self.csb_id, self.rand, bits)

    @property
    def covered(self):
        return b"".join(self.identities) + self.kms

    def encode(self):
        payloads = [
            t(self.ntp),
            rand(self.rand),
            *(idr(INITIATOR, name) for name in self.identities),
            idr(KMS, self.kms),
            idr(PSK, self.psk_name, BYTE_STRING),
        ]
        return Message(REQUEST_KEY_PSK, self.csb_id, payloads).signed(self.key(AUTHENTICATION), self.covered)

    def cipher(self, octets):
        mask = int.from_bytes(b"\0\0" + self.csb_id + self.ntp, "big")
        iv = (int.from_bytes(self.key(SALT, 112), "big") ^ mask).to_bytes(14, "big") + b"\0\0"
        return Cipher(algorithms.AES(self.key(ENCRYPTION)), modes.CTR(iv)).encryptor().update(octets)

    def open(self, octets):
        """The BFPrivateKeyBlock of each dated identity."""
        response = Message.parse(octets)
        require(response.error is None, f"the KMS answers Error {response.error}")
        require(
            response.data_type == REQUEST_KEY_RESP and response.csb_id == self.csb_id and response.ntp == self.ntp,
            "no answer to this request",
        )
        verify(octets, self.key(AUTHENTICATION), self.covered)
        kemac = response.one(KEMAC)
        require(kemac[0] == AES_CM_256, "another encryption")
        inner = unchain(ID, self.cipher(kemac[3:-1]))
        require([kind for kind, _ in inner] == [ID, KEY_DATA] * len(self.identities), "not ID and key in turn")
        keys = {}
        for (_, name), (_, key) in zip(inner[::2], inner[1::2]):
            require(name[0] == URI and key[0] == 0x70, "another type of ID or key")
            keys[name[3:]] = key[3:]
        require(set(keys) == set(self.identities), "other keys than those asked for")
        return keys
