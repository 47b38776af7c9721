"""The project's own formats: header, content, tags, receipts, proofs, deliveries (choices 21 to 26)."""

import hashlib
import hmac
import os
import struct
import time
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ibe import Refused, require


def f(octets):
    return struct.pack(">I", len(octets)) + octets


def sha256(octets):
    return hashlib.sha256(octets).digest()


def mac(key, octets):
    return hmac.digest(key, octets, "sha256")


def hkdf(ikm, salt, info, size=32):
    return HKDF(SHA256(), size, salt, info).derive(ikm)


FIELDS_BEHIND = struct.Struct(">QIQIIB")  # length, chunk size, created, lifetime, number, flags


@dataclass
class Header:
    sender: bytes
    recipient: bytes
    ntp: bytes
    esk_sha256: bytes
    length: int
    id: bytes = field(default_factory=lambda: os.urandom(16))
    curve: int = 8
    media_type: bytes = b"application/octet-stream"
    chunk_size: int = 65536
    created: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    lifetime: int = 3600
    number: int = 0
    flags: int = 0

    def encode(self):
        return (
            f(b"poste deposit v1")
            + f(self.id)
            + f(self.sender)
            + f(self.recipient)
            + self.ntp
            + f(bytes([self.curve]) + self.esk_sha256)
            + f(self.media_type)
            + FIELDS_BEHIND.pack(self.length, self.chunk_size, self.created, self.lifetime, self.number, self.flags)
        )

    @classmethod
    def parse(cls, octets):
        def take():
            nonlocal octets
            require(len(octets) >= 4, "H is cut off")
            size = int.from_bytes(octets[:4], "big")
            require(len(octets) >= 4 + size, "H is cut off")
            part, octets = octets[4 : 4 + size], octets[4 + size :]
            return part

        require(take() == b"poste deposit v1", "no deposit of version 1")
        id, sender, recipient = take(), take(), take()
        ntp, octets = octets[:8], octets[8:]
        esk, media_type = take(), take()
        require(len(id) == 16 and len(esk) == 33 and 1 <= len(media_type) <= 255, "a field of a wrong size")
        require(all(0x20 <= c <= 0x7E for c in media_type), "a media type that is not ASCII")
        require(len(octets) == FIELDS_BEHIND.size, "H has another length")
        length, chunk_size, created, lifetime, number, flags = FIELDS_BEHIND.unpack(octets)
        require(1 <= chunk_size <= 2**20 and lifetime >= 1 and flags <= 1, "a field out of range")
        return cls(
            sender,
            recipient,
            ntp,
            esk[1:],
            length,
            id,
            esk[0],
            media_type,
            chunk_size,
            created,
            lifetime,
            number,
            flags,
        )

    @property
    def chunks(self):
        return max(1, -(-self.length // self.chunk_size))


def content_keys(sk, header):
    octets = header.encode()
    both = hkdf(sk, header.id, b"poste content v1" + sha256(octets), 39)
    return both[:32], both[32:], sha256(octets)


def seal(sk, header, content):
    key, prefix, associated = content_keys(sk, header)
    size, last = header.chunk_size, header.chunks - 1
    return [
        AESGCM(key).encrypt(prefix + struct.pack(">IB", i, i == last), content[i * size : (i + 1) * size], associated)
        for i in range(last + 1)
    ]


def unseal(sk, header, chunks):
    require(len(chunks) == header.chunks, "another number of chunks")
    key, prefix, associated = content_keys(sk, header)
    content = b""
    for i, chunk in enumerate(chunks):
        last = i == header.chunks - 1
        size = header.length - i * header.chunk_size if last else header.chunk_size
        require(len(chunk) == size + 16, "a chunk of another length")
        try:
            content += AESGCM(key).decrypt(prefix + struct.pack(">IB", i, last), chunk, associated)
        except InvalidTag:
            raise Refused(f"chunk {i} is not authentic")
    return content


def deposit_key(tgk, csb_id):
    return hkdf(tgk, csb_id, b"poste deposit session v1")


def tag(key, i_message_2, header):
    return mac(key, sha256(i_message_2) + header)


def receipt(key, id, received, ciphertext_sha256, proof):
    return mac(key, f(b"stored") + id + struct.pack(">Q", received) + ciphertext_sha256 + f(proof))


def proof_key(canonical, id):
    return hkdf(canonical, id, b"poste sender proof v1")


def proof(key, header, ciphertext_sha256):
    return mac(key, header + ciphertext_sha256)


def delivery_key(tgk, csb_id):
    return hkdf(tgk, csb_id, b"poste delivery v1")


def delivery(key, sequence, header, esk, sender, received, proof):
    return mac(
        key, struct.pack(">Q", sequence) + header + sha256(esk) + f(sender) + struct.pack(">Q", received) + f(proof)
    )


def acknowledgement(key, sequence, id, refused=False):
    return mac(key, f(b"refused" if refused else b"ack") + struct.pack(">Q", sequence) + id)


def parse_receipt(octets):
    """The deposit's id, the recipient and the time of a delivery receipt's H; None if it is none."""
    start = f(b"poste receipt v1") + struct.pack(">I", 16)
    if not octets.startswith(start):
        return None
    id, rest = octets[len(start) : len(start) + 16], octets[len(start) + 16 :]
    require(len(rest) >= 12 and len(rest) == 12 + int.from_bytes(rest[:4], "big"), "a receipt of another length")
    return id, rest[4:-8], int.from_bytes(rest[-8:], "big")
