"""The four messages of RFC 6267, as initiator and, for the vectors, as responder."""

import os
import secrets
from dataclasses import dataclass, field

import mikey
from cryptography.hazmat.primitives.asymmetric import ec

from ibe import dated, require
from mikey import ECCPT, ESK, IBAKE, IDR, INITIATOR, RESPONDER, SK, Message
from pairing import Curve


class NamedCurve(Curve):
    def __init__(self, number, curve, p):
        self.g = ec.derive_private_key(1, curve).public_key().public_numbers()
        self.g = self.g.x, self.g.y
        super().__init__(p, -3, (self.g[1] ** 2 - self.g[0] ** 3 + 3 * self.g[0]) % p)
        self.number, self.size = number, (p.bit_length() + 7) // 8

    def octets(self, point):
        return b"\4" + b"".join(c.to_bytes(self.size, "big") for c in point)

    def compressed(self, octets):
        return bytes([2 + octets[-1] % 2]) + octets[1 : 1 + self.size]

    def point(self, octets):
        require(octets and octets[0] in (2, 3, 4), "no point")
        require(len(octets) == 1 + self.size * (2 if octets[0] == 4 else 1), "a point of another length")
        x, y = int.from_bytes(octets[1 : 1 + self.size], "big"), int.from_bytes(octets[1 + self.size :], "big")
        if octets[0] != 4:
            y = pow(x**3 - 3 * x + self.b, (self.p + 1) // 4, self.p)
            y = y if y % 2 == octets[0] % 2 else self.p - y
        require(self.contains((x, y)), "a point off the curve")
        return x, y

    def random(self):
        return 1 + secrets.randbelow(2 ** (self.p.bit_length() - 1))

    def public(self, scalar):
        return self.octets(self.multiply(scalar, self.g))

    def shared(self, scalar, octets):
        """K_SESSION, choice 5."""
        return self.octets(self.multiply(scalar, self.point(octets)))


P256 = NamedCurve(8, ec.SECP256R1(), 2**256 - 2**224 + 2**192 + 2**96 - 1)
P384 = NamedCurve(11, ec.SECP384R1(), 2**384 - 2**128 - 2**96 + 2**32 - 1)
P521 = NamedCurve(14, ec.SECP521R1(), 2**521 - 1)


# Inner chains, choice 2


def eccpt(octets, curve=P256, rest=bytes(4)):
    body = bytes([curve.number]) + octets
    return ECCPT, body + bytes(-(1 + len(body)) % 4) + rest


def point_in(payload, curve):
    kind, body = payload
    require(kind == ECCPT and body[0] == curve.number, "no ECCPT on this curve")
    return curve.octets(curve.point(body[1 : 2 + curve.size * (2 if body[1] == 4 else 1)]))


def inner(initiator, point_i, responder=None, point_r=None, curve=P256):
    payloads = [mikey.idr(INITIATOR, initiator)]
    if point_i:
        payloads.append(eccpt(point_i, curve))
    if responder:
        payloads.append(mikey.idr(RESPONDER, responder))
    if point_r:
        payloads.append(eccpt(point_r, curve))
    return mikey.chain(payloads)


def read_inner(octets, initiator, responder, curve=P256):
    """The points of the initiator and of the responder, None where there is none."""
    payloads = mikey.unchain(IDR, octets)
    points = {}
    for role, name in ((INITIATOR, initiator), (RESPONDER, responder)):
        if name is None:
            continue
        require(payloads and payloads.pop(0) == mikey.idr(role, name), "another identity inside")
        points[role] = point_in(payloads.pop(0), curve) if payloads and payloads[0][0] == ECCPT else None
    require(not payloads, "more inside than there should be")
    return points[INITIATOR], points.get(RESPONDER)


def esk_inner(initiator, sk):
    return mikey.chain([mikey.idr(INITIATOR, initiator), (SK, b"\x10" + len(sk).to_bytes(2, "big") + sk)])


def read_esk(octets, initiator):
    """SK, and the number of its curve."""
    payloads = mikey.unchain(IDR, octets)
    require(len(payloads) == 2 and payloads[0] == mikey.idr(INITIATOR, initiator), "another identity in the ESK")
    kind, body = payloads[1]
    sk = body[3:]
    curves = [curve for curve in (P256, P384, P521) if len(sk) == 1 + 2 * curve.size]
    require(kind == SK and body[0] == 0x10 and curves, "no SK")
    curves[0].point(sk)
    return sk, curves[0].number


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
    allowed = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
    require(host and all(c in allowed for c in host), "no domain")
    return b"sip:mailbox@" + host


# Messages


def i_message(kind, csb_id, ntp, rand, initiator, responder, ibake, esk=None, map=mikey.EMPTY_MAP):
    payloads = [
        mikey.t(ntp),
        mikey.rand(rand),
        mikey.idr(INITIATOR, initiator),
        mikey.idr(RESPONDER, responder),
        mikey.encrypted(IBAKE, ibake),
    ]
    if esk is not None:
        payloads.append(mikey.encrypted(ESK, esk))
    return Message(kind, csb_id, payloads, map=map)


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
    curve: NamedCurve = P256
    sk_curve: NamedCurve = P256
    map: bytes = mikey.EMPTY_MAP

    def message1(self, now):
        self.time1 = now
        body = self.encrypt(self.called, now, inner(self.me, self.curve.public(self.x), self.called, curve=self.curve))
        return self.i_message(mikey.I_MESSAGE_1, now, self.called, body)

    def i_message(self, kind, time, responder, ibake, esk=None):
        ntp = mikey.ntp(time)
        return i_message(kind, self.csb_id, ntp, self.rand, self.me, responder, ibake, esk, self.map).encode()

    def message2(self, answer, now):
        """Reads R_MESSAGE_1 and makes I_MESSAGE_2."""
        message = self.expect(answer, mikey.R_MESSAGE_1, self.time1)
        require(message.identity(INITIATOR) == self.me, "another IDRi")
        self.responder = message.identity(RESPONDER)
        body = self.decrypt(self.me, self.time1, message.encr_data(IBAKE))
        point_i, self.point_r = read_inner(body, self.me, self.responder, self.curve)
        require(self.point_r, "no point of the responder")
        self.deferred = point_i is None
        require(self.responder == (mailbox_of(self.called) if self.deferred else self.called), "another responder")
        require(self.deferred or point_i == self.curve.public(self.x), "another point than ours came back")
        require(mikey.ntp(now) > mikey.ntp(self.time1), "T is not later")
        self.time2, self.secret = now, self.x2 if self.deferred else self.x
        mine = self.curve.public(self.secret) if self.deferred else None
        ibake = self.encrypt(self.responder, now, inner(self.me, mine, self.responder, self.point_r, self.curve))
        self.sk = self.sk_curve.public(self.a) if self.deferred else None
        self.esk = self.encrypt(self.called, now, esk_inner(self.me, self.sk)) if self.deferred else None
        self.i_message_2 = self.i_message(mikey.I_MESSAGE_2, now, self.responder, ibake, self.esk)
        return self.i_message_2

    def finish(self, answer):
        """Reads R_MESSAGE_2; afterwards `tgk` is there."""
        message = self.expect(answer, mikey.R_MESSAGE_2, self.time2)
        self.k_session = self.curve.shared(self.secret, self.point_r)
        self.mpk, tgk, self.auth_key = session_keys(self.k_session, self.csb_id, self.rand)
        mikey.verify(answer, self.auth_key, self.me + self.responder)
        require(bool(message.all(IBAKE)) == self.deferred, "IBAKE is there, or is not")
        if self.deferred:
            body = self.decrypt(self.me, self.time2, message.encr_data(IBAKE))
            require(
                read_inner(body, self.me, None, self.curve)[0] == self.curve.public(self.x2),
                "another point than ours came back",
            )
        self.tgk = tgk

    def expect(self, octets, kind, time):
        message = Message.parse(octets)
        if message.error is not None:
            raise ErrorMessage(message.error)
        header = message.data_type, message.csb_id, message.prf, message.map
        require(header == (kind, self.csb_id, mikey.PRF_SHA_256, self.map), "no answer to this")
        require(message.ntp == mikey.ntp(time), "another T")
        return message


class ErrorMessage(Exception):
    def __init__(self, number):
        super().__init__(f"MIKEY Error {number}")
        self.number = number


def ibe_with(parameters, keys):
    """The two functions of an Initiator, over private keys by dated identity."""

    def encrypt(name, time, plaintext):
        return parameters.encrypt(dated(name, time), plaintext)

    def decrypt(name, time, octets):
        return parameters.decrypt(keys[dated(name, time)], octets)

    return encrypt, decrypt
