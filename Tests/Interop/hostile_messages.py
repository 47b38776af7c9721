"""Bad I_MESSAGEs: the Error number or status of choice 18, and nothing left behind."""

import os
from datetime import timedelta
from random import Random

import grpc

import ibake
import ibe
import mikey
import vectors
from client import now
from faults import UNREADABLE, Faults, changed, first_of, fresh, replaced, second_of, without
from good_checks import fetch
from lab import checks
from ibake import P256
from ibe import dated
from mikey import ECCPT, ESK, IBAKE, IDR, INITIATOR, RAND, RESPONDER, T, V, Message

ALL = []
check = checks(ALL)


@check("I_MESSAGE_1 that cannot be read, or says what it must not")
def first_messages(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    with Faults(lab) as faults:
        good = first_of(alice, bob.name)
        octets = good.encode()

        def case(what, expected, message):
            faults.mikey(what, expected, alice, message)

        for size in [0, 1, 9, 10, 11, 20, 40, len(octets) // 2, len(octets) - 1]:
            case(f"cut after {size} octets", UNREADABLE, octets[:size])
        case("an octet behind", UNREADABLE, octets + b"\0")
        case("version 2", UNREADABLE, b"\2" + octets[1:])
        case("an unknown payload", UNREADABLE, changed(good, payloads=good.payloads + [(99, b"\0\0\0")]))
        case("an unknown type of timestamp", UNREADABLE, replaced(good, T, b"\7" + bytes(8)))
        case("a T of another type (counter)", (UNREADABLE, 1, 12), replaced(good, T, b"\2" + bytes(4)))
        for number in (0, 2, 4, 11, 26, 255):
            case(f"data type {number}", 11, changed(good, data_type=number))
        for number in (mikey.R_MESSAGE_1, mikey.R_MESSAGE_2, mikey.ERROR):
            case(f"a responder's message {number}", (11, 12), changed(good, data_type=number))
        for number in (0, 2, 127):
            case(f"PRF {number}", 2, changed(good, prf=number))
        case("a map of SRTP without its octets", UNREADABLE, changed(good, map=b"\1\0", payloads=[]))
        case("#CS 1 with an empty map", (12, UNREADABLE), changed(good, map=b"\1\1"))
        for kind, role, what in (
            (T, None, "T"),
            (RAND, None, "RAND"),
            (IDR, INITIATOR, "IDRi"),
            (IDR, RESPONDER, "IDRr"),
            (IBAKE, None, "IBAKE"),
        ):
            case(f"no {what}", (12, 7) if kind == IDR else (12, 1) if kind == T else 12, without(good, kind, role))
            extra = next((k, b) for k, b in good.payloads if k == kind and role in (None, b[0]))
            case(f"{what} twice", (12, 7) if kind == IDR else 12, changed(good, payloads=good.payloads + [extra]))
        case("V, which does not belong there", 12, changed(good, payloads=good.payloads + [(V, b"\2" + bytes(32))]))
        case(
            "an ID payload, which does not belong there",
            12,
            changed(good, payloads=good.payloads + [(mikey.ID, b"\1\0\1x")]),
        )
        case(
            "a KMS's name, which does not belong there",
            (12, 7),
            changed(good, payloads=good.payloads + [mikey.idr(mikey.KMS, b"sip:k@example.com")]),
        )
        case("RAND of 15 octets", 12, replaced(good, RAND, b"\x0f" + bytes(15)))
        for name, what in (
            (b"", "empty"),
            (b"sip:a b@example.com", "with a space"),
            (b"sip:\xc3\xa4@example.com", "not ASCII"),
            (b"sip:" + b"a" * 600 + b"@example.com", "of 616 octets"),
        ):
            for role, word in ((INITIATOR, "IDRi"), (RESPONDER, "IDRr")):
                case(f"{word} {what}", 7, replaced(good, IDR, mikey.idr(role, name)[1], role))
        case("IDRr of type NAI", 7, replaced(good, IDR, mikey.idr(RESPONDER, bob.name, 0)[1], RESPONDER))
        case(
            "IDRr of an unknown type",
            (7, UNREADABLE),
            replaced(good, IDR, mikey.idr(RESPONDER, bob.name, 9)[1], RESPONDER),
        )
        case(
            "IDRr of a domain that is not served",
            (7, "NOT_FOUND"),
            replaced(good, IDR, mikey.idr(RESPONDER, b"sip:bob@elsewhere.example")[1], RESPONDER),
        )
        for name in (
            b"tel:+123",
            b"sip:example.com",
            b"sip:@example.com",
            b"sip:a@b@example.com",
            b"mailto:bob@example.com",
        ):
            case(
                f"IDRr without mailbox, {name.decode()}",
                (7, "NOT_FOUND"),
                replaced(good, IDR, mikey.idr(RESPONDER, name)[1], RESPONDER),
            )
        case(
            "IDRi is the mailbox",
            (7, 12),
            replaced(good, IDR, mikey.idr(INITIATOR, b"sip:mailbox@example.com")[1], INITIATOR),
        )
        for seconds in (-700, -86400, 700, 86400 * 400):
            case(f"T {seconds} s off", 1, replaced(good, T, b"\0" + mikey.ntp(now() + timedelta(seconds=seconds))))
        # after all that the very message is still new
        assert Message.parse(alice.exchange(octets)).data_type == mikey.R_MESSAGE_1


@check("I_MESSAGE_1 to the mailbox itself, which it cannot open")
def cannot_be_opened(lab):
    bob = lab.person("bob")
    box, curve, parameters = ibake.mailbox_of(bob.name), bob.parameters.curve, bob.parameters
    plaintext = ibake.inner(bob.name, P256.public(5), box)
    vector = ibe.Parameters.parse(bytes.fromhex(vectors.load("deferred-1024.json")["BFPublicParameters"]))
    good = parameters.encrypt(dated(box, now()), plaintext)
    reader = ibe.Reader(good).sequence()
    reader.integer()
    u, v, w = reader.point(), reader.read(ibe.OCTETS), reader.read(ibe.OCTETS)
    block = ibe.ciphertext_block
    full = curve.hash_to_curve(b"a point of full order", "sha1")
    other = ibake.Curve(ibake.P256.p, -3, 7)
    off = P256.octets((5, pow(5**3 - 15 + 7, (P256.p + 1) // 4, P256.p)))
    assert not other.contains((0, 1))
    half = (curve.p + 1) // curve.q
    small = next(
        s
        for s in (curve.multiply(curve.q * (half // 12), curve.hash_to_curve(bytes([n]), "sha1")) for n in range(50))
        if s
    )
    assert small and curve.multiply(12, small) is None
    with Faults(lab) as faults:

        def case(what, ibake_octets, expected=0):
            faults.mikey(
                what, expected, bob, fresh(replaced(first_of(bob, box), IBAKE, mikey.encrypted(IBAKE, ibake_octets)[1]))
            )

        case("encrypted to yesterday", parameters.encrypt(dated(box, now() - timedelta(days=1)), plaintext))
        case("encrypted to tomorrow", parameters.encrypt(dated(box, now() + timedelta(days=1)), plaintext))
        case("encrypted to Bob", parameters.encrypt(dated(bob.name, now()), plaintext))
        case("encrypted with another KMS's parameters", vector.encrypt(dated(box, now()), plaintext))
        case("empty", b"")
        case("no DER", b"\0" * 100)
        case("random", os.urandom(300))
        case("DER cut off", good[:-1])
        case("an octet behind the DER", good + b"\0")
        case(
            "a DER length that is not minimal",
            b"\x30\x83\0" + good[2:] if good[1] == 0x82 else good[:1] + b"\x84\0\0\0" + good[2:],
        )
        case("version 3", good.replace(b"\2\1\2", b"\2\1\3", 1))
        case("another plaintext in W", block(u, v, bytes([w[0] ^ 1]) + w[1:]))
        case("another V", block(u, bytes([v[0] ^ 1]) + v[1:], w))
        case("V an octet shorter", block(u, v[:-1], w))
        case("W empty", block(u, v, b""))
        case("U off the curve", block((u[0], (u[1] + 1) % curve.p), v, w))
        case("U beyond p", block((u[0] + curve.p, u[1]), v, w))
        case("U = (0, 0)", block((0, 0), v, w))
        case("U of order 2", block((curve.p - 1, 0), v, w))
        case("U of order 3", block((0, 1), v, w))
        case("U of order 12 or less", block(small, v, w))
        case("U of full order", block(full, v, w))
        case("U negated", block((u[0], curve.p - u[1]), v, w))
        case("U with a part of order 3", block(curve.add(u, (0, 1)), v, w))

        def inside(what, octets, expected=0):
            case(what, parameters.encrypt(dated(box, now()), octets), expected)

        inside("another IDRi inside", ibake.inner(b"sip:eve@example.com", P256.public(5), box))
        inside("another IDRr inside", ibake.inner(bob.name, P256.public(5), b"sip:other@example.com"))
        inside("no ECCPT inside", ibake.inner(bob.name, None, box))
        inside("ECCPT of the responder too", ibake.inner(bob.name, P256.public(5), box, P256.public(6)))
        inside("a point off the curve", ibake.inner(bob.name, off, box))
        inside("a point beyond p", ibake.inner(bob.name, b"\4" + b"\xff" * 64, box))
        inside(
            "infinity",
            mikey.chain([mikey.idr(1, bob.name), (ECCPT, b"\x08\0" + bytes(5)), mikey.idr(2, box)]),
            (0, UNREADABLE),
        )
        inside(
            "a hybrid point",
            ibake.inner(bob.name, bytes([6 + P256.public(5)[-1] % 2]) + P256.public(5)[1:], box),
            (0, UNREADABLE),
        )
        point = ibake.eccpt(P256.public(5))[1]
        inside(
            "padding that is not zero",
            mikey.chain([mikey.idr(1, bob.name), (ECCPT, point[:66] + b"\1" + point[67:]), mikey.idr(2, box)]),
            (0, UNREADABLE),
        )
        inside(
            "KV 3",
            mikey.chain([mikey.idr(1, bob.name), (ECCPT, point[:-1] + b"\3"), mikey.idr(2, box)]),
            (0, UNREADABLE),
        )
        inside(
            "an unknown curve",
            mikey.chain([mikey.idr(1, bob.name), (ECCPT, b"\xc8" + point[1:]), mikey.idr(2, box)]),
            (0, UNREADABLE, 6, 12),
        )
        inside("an octet behind the chain", plaintext + b"\0")
        inside("the chain cut off", plaintext[:-1])
        inside("nothing", b"")
    mails = fetch(bob)
    assert mails == []


@check("a bad I_MESSAGE_2 is refused and does not spoil the good one")
def second_messages(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    box = ibake.mailbox_of(bob.name)
    session, good = second_of(alice, bob.name)
    time, point = session.time2, session.point_r

    def ibake_of(*arguments, name=box, time=time):
        return mikey.encrypted(IBAKE, alice.parameters.encrypt(dated(name, time), ibake.inner(*arguments)))[1]

    mine = P256.public(session.x2)
    with Faults(lab) as faults:

        def case(what, expected, message):
            faults.mikey(what, expected, alice, message)

        octets = good.encode()
        for size in (0, 10, 60, len(octets) - 1):
            case(f"cut after {size} octets", UNREADABLE, octets[:size])
        case("another RAND", 12, replaced(good, RAND, b"\x10" + bytes(16)))
        case("no RAND", 12, without(good, RAND))
        case("no ESK", 12, without(good, ESK))
        case("no IBAKE", 12, without(good, IBAKE))
        case("the T of I_MESSAGE_1", 1, replaced(good, T, b"\0" + mikey.ntp(session.time1)))
        case("an earlier T", 1, replaced(good, T, b"\0" + mikey.ntp(session.time1 - timedelta(seconds=1))))
        case("a T of tomorrow", 1, replaced(good, T, b"\0" + mikey.ntp(now() + timedelta(days=1))))
        case("another CSB ID", ("NOT_FOUND", 12), fresh(good))
        case("another IDRi", ("NOT_FOUND", 12, 7), replaced(good, IDR, mikey.idr(INITIATOR, bob.name)[1], INITIATOR))
        case("another IDRr", (7, 12), replaced(good, IDR, mikey.idr(RESPONDER, bob.name)[1], RESPONDER))
        case("PRF 0", 2, changed(good, prf=0))
        case("another map", (12, UNREADABLE), changed(good, map=b"\1\1"))
        case(
            "IBAKE for another day",
            0,
            replaced(good, IBAKE, ibake_of(alice.name, mine, box, point, time=time + timedelta(days=1))),
        )
        case("IBAKE for Bob", 0, replaced(good, IBAKE, ibake_of(alice.name, mine, box, point, name=bob.name)))
        case(
            "another point of the responder", 0, replaced(good, IBAKE, ibake_of(alice.name, mine, box, P256.public(7)))
        )
        case("no point of the responder", (0, 12), replaced(good, IBAKE, ibake_of(alice.name, mine, box)))
        case("no new point of the initiator", (0, 12), replaced(good, IBAKE, ibake_of(alice.name, None, box, point)))
        case("another initiator inside", 0, replaced(good, IBAKE, ibake_of(bob.name, mine, box, point)))
        case("a random IBAKE", 0, replaced(good, IBAKE, mikey.encrypted(IBAKE, os.urandom(300))[1]))
        case("ESK twice", 12, changed(good, payloads=good.payloads + [(ESK, b"\0\1x")]))
        case("V", 12, changed(good, payloads=good.payloads + [(V, b"\2" + bytes(32))]))
        case("data type I_MESSAGE_1", 12, changed(good, data_type=mikey.I_MESSAGE_1))
        answer = alice.exchange(octets)
        session.finish(answer)
        assert alice.exchange(octets) == answer, "the same octets get another answer"
        case("another ESK, afterwards", 12, replaced(good, ESK, mikey.encrypted(ESK, os.urandom(200))[1]))
        case("a later T, afterwards", 12, replaced(good, T, b"\0" + mikey.ntp(now())))
    alice.deposit(alice.prepare(session, b"text"))
    assert [m.content for m in fetch(bob)] == [b"text"]


@check("maps that are not what choice 9 allows")
def maps(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    with Faults(lab) as faults:
        for what, octets, expected in (
            ("SRTP-ID with policy 1", b"\1\0" + b"\1" + bytes(8), 12),
            ("SRTP-ID without a session", b"\0\0", 12),
            ("an empty map with a session", b"\1\1", 12),
            ("GENERIC-ID with policy 1", b"\1\2" + b"\1\0\1\1" + b"\0\4" + bytes(4) + b"\0", 12),
            ("GENERIC-ID with two policies", b"\1\2" + b"\1\0\2\0\0" + b"\0\4" + bytes(4) + b"\0", 12),
            ("GENERIC-ID that is cut off", b"\1\2" + b"\1\0\1\0" + b"\xff\xff", UNREADABLE),
            ("an unknown map", b"\0\x09", (12, UNREADABLE)),
        ):
            faults.mikey(what, expected, alice, fresh(changed(first_of(alice, bob.name), map=octets)))


@check("two hundred messages changed at random: refused, and the good ones still taken")
def random_changes(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    random = Random(1)
    session = alice.initiator(bob.name)
    fetching = alice.initiator(ibake.mailbox_of(alice.name)).message1(now())
    second = session.message2(alice.exchange(session.message1(now())), now())
    esk_at = second.index(session.esk)

    def changed_at_random(octets, end):
        # not T of I_MESSAGE_2, which nothing protects but R_MESSAGE_2
        octets, at = bytearray(octets), random.choice([*range(1, 10), *range(20, end - 2)])
        octets[at : at + random.randrange(3)] = random.randbytes(random.randrange(1, 3))
        return bytes(octets)

    for octets, end, allowed in ((fetching, len(fetching), mikey.R_MESSAGE_1), (second, esk_at, None)):
        for _ in range(100):
            bad = changed_at_random(octets, end)
            # the V flag is ignored; another CSB ID or RAND of I_MESSAGE_1 makes another good message
            if bad == octets or len(bad) == len(octets) and bad[:3] + bad[4:] == octets[:3] + octets[4:]:
                continue
            try:
                answer = Message.parse(alice.exchange(bad))
                assert answer.error is not None or answer.data_type == allowed, f"answered: {bad.hex()}"
            except grpc.RpcError as error:
                assert error.code().name == UNREADABLE, f"{error.code()} for {bad.hex()}"
    session.finish(alice.exchange(second))
    alice.deposit(alice.prepare(session, b"text"))
    assert [m.content for m in fetch(bob)] == [b"text"]


@check("I_MESSAGE_1 replayed: the same octets get the same answer, others are refused")
def replayed_first(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.initiator(bob.name)
    octets = session.message1(now())
    answer = alice.exchange(octets)
    with Faults(lab) as faults:
        other = alice.initiator(bob.name, csb_id=session.csb_id, rand=session.rand)
        faults.mikey("other octets, same CSB ID", 12, alice, other.message1(now()))
        other = alice.initiator(ibake.mailbox_of(bob.name), csb_id=session.csb_id)
        faults.mikey("another mailbox, same CSB ID", 12, alice, other.message1(now()))
        assert alice.exchange(octets) == answer, "the same octets get another answer"
        # the same CSB ID of somebody else is another exchange
        mallory = lab.person("mallory")
        theirs = mallory.initiator(bob.name, csb_id=session.csb_id)
        theirs.finish(mallory.exchange(theirs.message2(mallory.exchange(theirs.message1(now())), now())))
        second = session.message2(answer, now())
        session.finish(alice.exchange(second))
        assert alice.exchange(octets) == answer, "the same octets get another answer after I_MESSAGE_2"
        assert Message.parse(alice.exchange(second)).data_type == mikey.R_MESSAGE_2
        faults.mikey(
            "other octets, same CSB ID, after the end",
            12,
            alice,
            alice.initiator(bob.name, csb_id=session.csb_id).message1(now()),
        )
    alice.deposit(alice.prepare(session, b"text"))
    mallory.deposit(mallory.prepare(theirs, b"other"))
    assert sorted(m.content for m in fetch(bob)) == [b"other", b"text"]
