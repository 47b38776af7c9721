"""Bad deposits: openings, streams, ids."""

import os
import pathlib
import queue
from datetime import timedelta

import grpc

import deposit
import ibake
import ibe
import mikey
from client import now
from faults import UNREADABLE, Faults, changed, first_of, fresh, replaced, second_of, without
from good_checks import fetch
from ibake import P256
from ibe import dated
from lab import checks

ALL = []
check = checks(ALL)


@check("openings of deposits: tag, H, session, lifetime, size")
def openings(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session, other = alice.handshake(bob.name), alice.handshake(bob.name)
    front = lab.front

    def remade(**fields):
        """With a right tag for whatever H says."""
        item = alice.prepare(session, b"text", **{k: v for k, v in fields.items() if k in ("lifetime",)})
        header = deposit.Header.parse(item.header)
        for name, value in fields.items():
            setattr(header, name, value)
        return tagged(header.encode())

    def tagged(octets):
        item = alice.prepare(session, b"text")
        item.header, item.tag = octets, deposit.tag(item.key, session.i_message_2, octets)
        return item

    faults = []

    def case(what, codes, item, parts=None):
        try:
            lab.fails(codes, lambda: front.call("Mailbox", "Deposit", iter(parts or alice.parts(item))))
        except AssertionError as fault:
            faults.append(f"{what}: {fault}")

    item = alice.prepare(session, b"text")
    good = item.header
    for what, fields in (
        ("a wrong tag", dict(tag=bytes(32))),
        ("H changed under its tag", dict(header=good[:-1] + b"\1")),
        (
            "the tag of another handshake",
            dict(tag=deposit.tag(deposit.deposit_key(other.tgk, other.csb_id), other.i_message_2, good)),
        ),
    ):
        bad = alice.prepare(session, b"text")
        bad.__dict__.update(dict(header=item.header, chunks=item.chunks, proof=item.proof) | fields)
        case(what, "PERMISSION_DENIED", bad)
    for what, fields in (
        ("another sender", dict(sender=bob.name)),
        ("another recipient", dict(recipient=alice.name)),
        ("the T of I_MESSAGE_1", dict(ntp=mikey.ntp(session.time1))),
        ("another ESK", dict(esk_sha256=bytes(32))),
        ("the hash of another handshake's ESK", dict(esk_sha256=deposit.sha256(other.esk))),
    ):
        case(what, "PERMISSION_DENIED", remade(**fields))
    for what, fields in (
        ("flags 2", dict(flags=2)),
        ("flags 255", dict(flags=255)),
        ("lifetime 0", dict(lifetime=0)),
        ("chunk size 0", dict(chunk_size=0)),
        ("chunk size above 2^20", dict(chunk_size=2**20 + 1)),
        ("no media type", dict(media_type=b"")),
        ("a media type of 256 octets", dict(media_type=b"a" * 256)),
        ("a media type with a line break", dict(media_type=b"a\nb")),
        ("an id of 15 octets", dict(id=bytes(15))),
        ("an ESK hash of 31 octets", dict(esk_sha256=bytes(31))),
        ("an unknown curve", dict(curve=9)),
        ("more than 2^32 chunks", dict(chunk_size=1, length=2**32 + 1)),
    ):
        wrong = session_header(alice, session)
        wrong.__dict__.update(fields)
        codes = (
            (UNREADABLE, "OUT_OF_RANGE")
            if "2^32" in what
            else (UNREADABLE, "PERMISSION_DENIED") if "curve" in what or "31" in what else UNREADABLE
        )
        case(what, codes, tagged(wrong.encode()))
    for what, octets in (
        ("H cut off", good[:-1]),
        ("H with an octet behind", good + b"\0"),
        ("H empty", b""),
        ("H of a later version", good.replace(b"v1", b"v2", 1)),
        ("H with a length beyond its end", b"\xff" + good[1:]),
        ("H that is a receipt", deposit.f(b"poste receipt v1") + deposit.f(bytes(16)) + deposit.f(bob.name) + bytes(8)),
    ):
        case(what, UNREADABLE, tagged(octets))
    case("a huge lifetime", "OUT_OF_RANGE", remade(lifetime=2**32 - 1))
    case("a huge content", "OUT_OF_RANGE", remade(length=2**50, chunk_size=2**20))
    case("the largest length there is", ("OUT_OF_RANGE", UNREADABLE), remade(length=2**64 - 1, chunk_size=2**20))
    for what, fields, codes in (
        ("an unknown CSB ID", dict(csb_id=os.urandom(4)), "NOT_FOUND"),
        ("another's IDRi", dict(initiator=bob.name), "NOT_FOUND"),
        ("a CSB ID of 3 octets", dict(csb_id=b"abc"), UNREADABLE),
        ("a tag of 31 octets", dict(tag=bytes(31)), UNREADABLE),
        ("no tag", dict(tag=b""), UNREADABLE),
        ("no initiator", dict(initiator=b""), (UNREADABLE, "NOT_FOUND")),
        ("no ESK", dict(esk=b""), UNREADABLE),
        ("an ESK of 65,536 octets", dict(esk=bytes(65_536)), UNREADABLE),
        ("an ESK of 65,535 octets", dict(esk=bytes(65_535)), "PERMISSION_DENIED"),
        ("the ESK of another handshake", dict(esk=other.esk), "PERMISSION_DENIED"),
        ("an ESK with an octet behind", dict(esk=session.esk + b"\0"), "PERMISSION_DENIED"),
        ("an ESK cut off", dict(esk=session.esk[:-1]), "PERMISSION_DENIED"),
        ("the hash of the ESK in its place", dict(esk=deposit.sha256(session.esk)), "PERMISSION_DENIED"),
    ):
        bad = alice.prepare(session, b"text")
        bad.__dict__.update(fields)
        case(what, codes, bad)
    unproven, _ = second_of(alice, bob.name)
    unproven.tgk = bytes(32)
    case(
        "a handshake that stopped after R_MESSAGE_1",
        ("NOT_FOUND", "PERMISSION_DENIED", "FAILED_PRECONDITION"),
        alice.prepare(unproven, b"text"),
    )
    assert not faults, "; ".join(faults)
    assert fetch(bob) == [], "something was left behind"
    alice.deposit(item)
    assert [m.content for m in fetch(bob)] == [b"text"]


def session_header(account, session):
    return deposit.Header(account.name, session.called, mikey.ntp(session.time2), deposit.sha256(session.esk), 4)


@check("streams of deposits: truncated, too long, repeated, out of order")
def streams(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    item = alice.prepare(session, os.urandom(30), chunk_size=8)
    opening, *chunks, closing = alice.parts(item)
    part = lab.front.message
    short, long = part("DepositRequest", chunk=item.chunks[0][:-1]), part("DepositRequest", chunk=item.chunks[0] + b"x")
    faults = []

    def closed(**fields):
        return part(
            "DepositRequest",
            closing=part("DepositClosing", **(dict(ciphertext_sha256=item.digest, sender_proof=item.proof) | fields)),
        )

    for what, parts in (
        ("nothing", []),
        ("an opening alone", [opening]),
        ("no closing", [opening, *chunks]),
        ("no chunk", [opening, closing]),
        ("a chunk missing", [opening, *chunks[:-1], closing]),
        ("the first chunk missing", [opening, *chunks[1:], closing]),
        ("a chunk twice", [opening, chunks[0], *chunks, closing]),
        ("the last chunk twice", [opening, *chunks, chunks[-1], closing]),
        ("the last chunk not last", [opening, chunks[-1], *chunks[:-1], closing]),
        ("a short chunk", [opening, short, *chunks[1:], closing]),
        ("a long chunk", [opening, long, *chunks[1:], closing]),
        ("an empty chunk", [opening, part("DepositRequest", chunk=b""), *chunks, closing]),
        ("chunks in another order under the right hash", [opening, chunks[1], chunks[0], *chunks[2:], closing]),
        ("no opening", [*chunks, closing]),
        ("two openings", [opening, opening, *chunks, closing]),
        ("an opening in the middle", [opening, chunks[0], opening, *chunks[1:], closing]),
        ("a message without part", [opening, part("DepositRequest"), *chunks, closing]),
        ("a wrong hash", [opening, *chunks, closed(ciphertext_sha256=bytes(32))]),
        ("a hash of 31 octets", [opening, *chunks, closed(ciphertext_sha256=item.digest[:31])]),
        ("no hash", [opening, *chunks, closed(ciphertext_sha256=b"")]),
        ("a proof of 31 octets", [opening, *chunks, closed(sender_proof=bytes(31))]),
        ("a proof of 33 octets", [opening, *chunks, closed(sender_proof=bytes(33))]),
    ):
        try:
            lab.fails(UNREADABLE, lambda: lab.front.call("Mailbox", "Deposit", iter(parts)))
        except AssertionError as fault:
            faults.append(f"{what}: {fault}")
    # one message larger than any chunk may be
    huge = part("DepositRequest", chunk=bytes(6_000_000))
    lab.fails(
        (UNREADABLE, "RESOURCE_EXHAUSTED"), lambda: lab.front.call("Mailbox", "Deposit", iter([opening, huge, closing]))
    )
    assert not faults, "; ".join(faults)
    # a client that goes away in the middle
    waiting = queue.Queue()
    for p in (opening, chunks[0]):
        waiting.put(p)
    try:
        lab.front.call("Mailbox", "Deposit", iter(waiting.get, None), timeout=0.5)
    except grpc.RpcError as error:
        assert error.code().name == "DEADLINE_EXCEEDED"
    assert fetch(bob) == [], "something was left behind"
    alice.deposit(item)
    assert len(fetch(bob)) == 1


@check("one id for two contents, and an id that somebody else has used")
def known_ids(lab):
    alice, bob, mallory = lab.person("alice"), lab.person("bob"), lab.person("mallory")
    session, again = alice.handshake(bob.name), alice.handshake(bob.name)
    item = alice.prepare(session, b"one")
    alice.deposit(item)
    for account, s in ((alice, session), (alice, again), (mallory, mallory.handshake(bob.name))):
        other = account.prepare(s, b"two", id=item.id)
        lab.fails("ALREADY_EXISTS", lambda: account.deposit(other))
    # the same H with another content gets at most the receipt of what is stored, whose MAC is of that
    other = alice.prepare(session, b"one")
    other.header, other.tag, other.chunks = item.header, item.tag, [bytes(len(c)) for c in item.chunks]
    try:
        alice.deposit(other)
        raise AssertionError("a receipt for what is not stored")
    except ibe.Refused as fault:
        assert "MAC" in str(fault)
    except grpc.RpcError as error:
        assert error.code().name in ("ALREADY_EXISTS", UNREADABLE)
    # in another mailbox the id is free
    carol = lab.person("carol")
    elsewhere = alice.handshake(carol.name)
    alice.deposit(alice.prepare(elsewhere, b"three", id=item.id))
    assert [m.content for m in fetch(bob)] == [b"one"]
    assert [m.content for m in fetch(carol)] == [b"three"]


@check("an ESK that Bob cannot take: refused by both clients, and the queue goes on")
def bad_esks(lab):
    alice, bob, mallory, (ben, home) = (
        lab.person("alice"),
        lab.person("bob"),
        lab.person("mallory"),
        lab.swift_person("ben"),
    )
    sk = P256.public(5)
    off = P256.octets((5, pow(5**3 - 15 + 7, (P256.p + 1) // 4, P256.p)))

    def sub_payload(data, head=b"\x10", kind=mikey.SK, behind=b""):
        body = head + len(data).to_bytes(2, "big") + data
        return mikey.chain([mikey.idr(mikey.INITIATOR, alice.name), (kind, body)]) + behind

    def encrypted(name, plaintext, days=0):
        def make(called, time):
            return alice.parameters.encrypt(dated(name or called, time + timedelta(days=days)), plaintext)

        return make

    for what, make in (
        ("random", lambda called, time: os.urandom(300)),
        ("empty", lambda called, time: b""),
        ("for another day", encrypted(None, sub_payload(sk), 1)),
        ("for Mallory", encrypted(mallory.name, sub_payload(sk))),
        ("nothing inside", encrypted(None, b"")),
        ("of another sender", encrypted(None, ibake.esk_inner(mallory.name, sk))),
        ("an octet behind", encrypted(None, sub_payload(sk, behind=b"\0"))),
        ("SK off the curve", encrypted(None, sub_payload(off))),
        ("SK compressed", encrypted(None, sub_payload(P256.compressed(sk)))),
        ("SK infinity", encrypted(None, sub_payload(b"\0"))),
        ("SK of 64 octets", encrypted(None, sub_payload(sk[1:]))),
        ("SK of another type", encrypted(None, sub_payload(sk, b"\x20"))),
        ("SK with a validity", encrypted(None, sub_payload(sk, b"\x11", behind=b"\0"))),
        ("a key payload in SK's place", encrypted(None, sub_payload(sk, b"\x70", mikey.KEY_DATA))),
        (
            "IDR of the responder",
            encrypted(None, mikey.chain([mikey.idr(2, alice.name), (mikey.SK, b"\x10\0\x41" + sk)])),
        ),
    ):
        for called in (bob.name, ben.encode()):
            session = alice.initiator(called)
            right = session.encrypt

            def encrypt(name, time, plaintext):
                second = hasattr(session, "time2") and name == session.called
                return make(called, time) if second else right(name, time, plaintext)

            session.encrypt = encrypt
            answer = alice.exchange(session.message1(now()))
            try:
                session.finish(alice.exchange(session.message2(answer, now())))
            except ibake.ErrorMessage:
                assert what == "empty", what
                continue
            alice.deposit(alice.prepare(session, what.encode(), flags=1))
    for called in (bob.name, ben.encode()):
        alice.send(called, b"good", flags=1)
    mails = fetch(bob)
    assert [m.content for m in mails if not m.fault] == [b"good"] and len(mails) >= 15, mails
    shown = lab.run("receive", "--as", ben, "--home", home)
    assert len([s for s in shown if "path" in s]) == 1, shown
    assert len(fetch(alice)) == 2
    assert lab.run("receive", "--as", ben, "--home", home) == []


@check("media types that would lead out of the inbox")
def media_types(lab):
    alice, (ben, home) = lab.person("alice"), lab.swift_person("ben")
    session, into = alice.handshake(ben.encode()), lab.folder / "media" / "inbox"
    into.mkdir(parents=True)
    types = [
        b"text/../../../evil",
        b"../../evil",
        b"/etc/passwd",
        b"text/" + b"a" * 250,
        b".",
        b"..",
        b"/",
        b"a/b/c",
        b"text/x;name=../y",
        b" ",
        b"text/%2e%2e%2fx",
    ]
    for n, media_type in enumerate(types):
        alice.deposit(alice.prepare(session, b"text", number=n, media_type=media_type))
    before = {p for p in lab.folder.rglob("*") if into not in p.parents and home not in p.parents}
    shown = lab.run("receive", "--as", ben, "--home", home, "--into", into)
    assert len(shown) == len(types)
    assert all(into.resolve() == pathlib.Path(s["path"]).resolve().parent for s in shown), shown
    after = {p for p in lab.folder.rglob("*") if into not in p.parents and home not in p.parents}
    assert not [p for p in after - before if p.suffix not in (".sqlite-wal", ".sqlite-shm")], after - before
