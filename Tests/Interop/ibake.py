"""The four messages of RFC 6267, as initiator and, for the vectors, as responder."""

import os
import secrets
from dataclasses import dataclass, field

import mikey
from ibe import dated, require
from mikey import ECCPT, ESK, IBAKE, IDR, INITIATOR, RESPONDER, SK, Message
from pairing import Curve


class NamedCurve(Curve):
    def __init__(self, number, size, p, b, n, g):
        super().__init__(p, -3, b)
        self.number, self.size, self.n, self.g = number, size, n, g

    def octets(self, point):
        return b"\4" + b"".join(c.to_bytes(self.size, "big") for c in point)

    def point(self, octets):
        require(octets[0] == 4 and len(octets) == 1 + 2 * self.size, "no uncompressed point")
        point = int.from_bytes(octets[1 : 1 + self.size], "big"), int.from_bytes(octets[1 + self.size :], "big")
        require(self.contains(point), "a point off the curve")
        return point

    def random(self):
        return 1 + secrets.randbelow(self.n - 1)

    def public(self, scalar):
        return self.octets(self.multiply(scalar, self.g))

    def shared(self, scalar, octets):
        """K_SESSION, choice 5."""
        return self.octets(self.multiply(scalar, self.point(octets)))


P256 = NamedCurve(
    8,
    32,
    p=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    g=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)


# Inner chains, choice 2


def eccpt(octets, curve=P256):
    body = bytes([curve.number]) + octets
    return ECCPT, body + bytes(-(1 + len(body)) % 4) + bytes(4)


def point_in(payload):
    kind, body = payload
    require(kind == ECCPT and body[0] == P256.number, "no ECCPT on P-256")
    return P256.octets(P256.point(body[1:66]))


def inner(initiator, point_i, responder=None, point_r=None):
    payloads = [mikey.idr(INITIATOR, initiator)]
    if point_i:
        payloads.append(eccpt(point_i))
    if responder:
        payloads.append(mikey.idr(RESPONDER, responder))
    if point_r:
        payloads.append(eccpt(point_r))
    return mikey.chain(payloads)


def read_inner(octets, initiator, responder):
    """The points of the initiator and of the responder, None where there is none."""
    payloads = mikey.unchain(IDR, octets)
    points = {}
    for role, name in ((INITIATOR, initiator), (RESPONDER, responder)):
        if name is None:
            continue
        require(payloads and payloads.pop(0) == mikey.idr(role, name), "another identity inside")
        points[role] = point_in(payloads.pop(0)) if payloads and payloads[0][0] == ECCPT else None
    require(not payloads, "more inside than there should be")
    return points[INITIATOR], points.get(RESPONDER)


def esk_inner(initiator, sk):
    return mikey.chain([mikey.idr(INITIATOR, initiator), (SK, b"\x10" + len(sk).to_bytes(2, "big") + sk)])


def read_esk(octets, initiator):
    payloads = mikey.unchain(IDR, octets)
    require(len(payloads) == 2 and payloads[0] == mikey.idr(INITIATOR, initiator), "another identity in the ESK")
    kind, body = payloads[1]
    require(kind == SK and body[0] == 0x10, "no SK")
    P256.point(body[3:])
    return body[3:]


def session_keys(k_session, csb_id, rand):
    """MPK, TGK, auth_key."""
    mpk, tgk = (mikey.derive(k_session, constant, b"\xff" * 4, rand) for constant in (mikey.MPK, mikey.TGK))
    return mpk, tgk, mikey.derive(mpk, mikey.AUTHENTICATION, csb_id, rand)


def mailbox_of(name):
    """Choice 13."""
    scheme, _, rest = name.partition(b":")
    user, at, host = rest.partition(b"@")
    require(scheme in (b"sip", b"sips") and user and at and b"@" not in host, "a name without mailbox")
    for separator in b":;?":
        host = host.partition(bytes([separator]))[0]
    require(
        host and all(c in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-." for c in host),
        "no domain",
    )
    return b"sip:mailbox@" + host


# Messages


def i_message(kind, csb_id, ntp, rand, initiator, responder, ibake, esk=None):
    payloads = [
        mikey.t(ntp),
        mikey.rand(rand),
        mikey.idr(INITIATOR, initiator),
        mikey.idr(RESPONDER, responder),
        mikey.encrypted(IBAKE, ibake),
    ]
    if esk is not None:
        payloads.append(mikey.encrypted(ESK, esk))
    return Message(kind, csb_id, payloads)


def r_message(kind, csb_id, ntp, initiator, responder, ibake=None):
    payloads = [mikey.t(ntp), mikey.idr(INITIATOR, initiator), mikey.idr(RESPONDER, responder)]
    if ibake is not None:
        payloads.append(mikey.encrypted(IBAKE, ibake))
    return Message(kind, csb_id, payloads, v_flag=int(kind == mikey.R_MESSAGE_1))


@dataclass
class Initiator:
    """`encrypt(name, time, plaintext)` and `decrypt(name, time, octets)` are IBE with dated identities."""

    me: bytes
    called: bytes
    encrypt: callable
    decrypt: callable
    csb_id: bytes = field(default_factory=lambda: os.urandom(4))
    rand: bytes = field(default_factory=lambda: os.urandom(16))
    x: int = field(default_factory=P256.random)
    x2: int = field(default_factory=P256.random)
    a: int = field(default_factory=P256.random)

    def message1(self, now):
        self.time1 = now
        body = self.encrypt(self.called, now, inner(self.me, P256.public(self.x), self.called))
        return i_message(mikey.I_MESSAGE_1, self.csb_id, mikey.ntp(now), self.rand, self.me, self.called, body).encode()

    def message2(self, answer, now):
        """Reads R_MESSAGE_1 and makes I_MESSAGE_2."""
        message = expect(answer, mikey.R_MESSAGE_1, self.csb_id, mikey.ntp(self.time1))
        require(message.identity(INITIATOR) == self.me, "another IDRi")
        self.responder = message.identity(RESPONDER)
        body = self.decrypt(self.me, self.time1, message.encr_data(IBAKE))
        point_i, self.point_r = read_inner(body, self.me, self.responder)
        require(self.point_r, "no point of the responder")
        self.deferred = point_i is None
        require(self.responder == (mailbox_of(self.called) if self.deferred else self.called), "another responder")
        require(self.deferred or point_i == P256.public(self.x), "another point than ours came back")
        require(mikey.ntp(now) > mikey.ntp(self.time1), "T is not later")
        self.time2, self.secret = now, self.x2 if self.deferred else self.x
        mine = P256.public(self.secret) if self.deferred else None
        ibake = self.encrypt(self.responder, now, inner(self.me, mine, self.responder, self.point_r))
        self.sk = P256.public(self.a) if self.deferred else None
        self.esk = self.encrypt(self.called, now, esk_inner(self.me, self.sk)) if self.deferred else None
        self.i_message_2 = i_message(
            mikey.I_MESSAGE_2, self.csb_id, mikey.ntp(now), self.rand, self.me, self.responder, ibake, self.esk
        ).encode()
        return self.i_message_2

    def finish(self, answer):
        """Reads R_MESSAGE_2; afterwards `tgk` is there."""
        message = expect(answer, mikey.R_MESSAGE_2, self.csb_id, mikey.ntp(self.time2))
        self.k_session = P256.shared(self.secret, self.point_r)
        self.mpk, tgk, self.auth_key = session_keys(self.k_session, self.csb_id, self.rand)
        mikey.verify(answer, self.auth_key, self.me + self.responder)
        require(bool(message.all(IBAKE)) == self.deferred, "IBAKE is there, or is not")
        if self.deferred:
            body = self.decrypt(self.me, self.time2, message.encr_data(IBAKE))
            require(read_inner(body, self.me, None)[0] == P256.public(self.x2), "another point than ours came back")
        self.tgk = tgk


class ErrorMessage(Exception):
    def __init__(self, number):
        super().__init__(f"MIKEY Error {number}")
        self.number = number


def expect(octets, kind, csb_id, ntp):
    message = Message.parse(octets)
    if message.error is not None:
        raise ErrorMessage(message.error)
    require(
        message.data_type == kind and message.csb_id == csb_id and message.prf == mikey.PRF_SHA_256, "no answer to this"
    )
    require(message.ntp == ntp, "another T")
    return message


def ibe_with(parameters, keys):
    """The two functions of an Initiator, over private keys by dated identity."""

    def encrypt(name, time, plaintext):
        return parameters.encrypt(dated(name, time), plaintext)

    def decrypt(name, time, octets):
        return parameters.decrypt(keys[dated(name, time)], octets)

    return encrypt, decrypt
