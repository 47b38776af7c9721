"""What must work: mail both ways between this client and itself, and between it and `poste`."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import deposit
import ibake
import ibe
import mikey
from client import Account, Mail, now
from google.protobuf import message_factory
from ibake import P256
from lab import checks

ALL, LAST = [], []
check, last = checks(ALL), checks(LAST)


def fetch(person):
    stream = person.receive()
    mails = stream.waiting()
    stream.close()
    return mails


def prove_again(sender, session, item):
    """As a sender would who means what he has changed."""
    key = sender.proof_key(session.called, item.id, session.time2)
    item.proof = deposit.proof(key, item.header, item.digest)


def still_works(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    content = os.urandom(1000)
    alice.send(bob.name, content, chunk_size=333)
    mails = fetch(bob)
    assert [m.content for m in mails] == [content] and not mails[0].fault, mails
    assert fetch(bob) == [], "delivered twice"


@check("health and reflection name the services")
def services(lab):
    assert {"Mailbox", "Health"} <= set(lab.front.services) and {"KeyManagement", "Health"} <= set(lab.kms.services)
    for server in (lab.kms, lab.front):
        method = server.services["Health"].methods_by_name["Check"]
        answer = server.call("Health", "Check", message_factory.GetMessageClass(method.input_type)())
        assert answer.status == 1


@check("public parameters are those of the enrolment")
def parameters(lab):
    answer = lab.kms.call("KeyManagement", "GetParameters", lab.kms.message("GetParametersRequest"))
    assert list(answer.parameters) == list(lab.person("alice").enrolment.parameters)


@check("Python to Python: several deposits, odd chunks, empty and one-octet contents")
def python_to_python(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    contents = [
        (b"", 1),
        (b"x", 1),
        (os.urandom(1000), 7),
        (os.urandom(777), 777),
        (os.urandom(778), 777),
        (os.urandom(300_000), 65_537),
        (os.urandom(2**20 + 5), 2**20),
    ]
    for i, (content, size) in enumerate(contents):
        alice.deposit(alice.prepare(session, content, chunk_size=size, number=i, media_type=b"audio/wav"))
    mails = fetch(bob)
    assert [m.content for m in mails] == [c for c, _ in contents] and not any(m.fault for m in mails)
    assert [m.header.number for m in mails] == list(range(len(contents)))
    assert all(m.sender == alice.name and m.header.media_type == b"audio/wav" for m in mails)
    assert fetch(bob) == [], "delivered twice"


@check("mail that comes while the recipient is there is pushed, with the receipt's time")
def pushed(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    stream = bob.receive()
    assert stream.next() == "caught_up"
    session = alice.handshake(bob.name)
    received = alice.deposit(alice.prepare(session, b"one"))
    mail = stream.next()
    assert isinstance(mail, Mail) and mail.content == b"one" and mail.received_at_ms == received
    stream.acknowledge(mail)
    while stream.next() != "settled":
        pass
    assert stream.settled == {0: mail.id}
    stream.close()


@check("delivery receipts come once, only for an ack, only when asked for")
def receipts(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    asked, silent, bad = (alice.prepare(session, b"text", flags=f, number=n) for n, f in enumerate((1, 0, 1)))
    bad.proof = bytes(32)
    for item in (asked, silent, bad):
        alice.deposit(item)
    assert [bool(m.fault) for m in fetch(bob)] == [False, False, True]
    mails = fetch(alice)
    assert [(m.receipt[0], m.receipt[1]) for m in mails] == [(asked.id, bob.name)], mails
    assert fetch(alice) == [], "told twice"


@check("what is not acknowledged comes again, in order, in the next stream")
def comes_again(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    items = alice.send(bob.name, b"one", b"two", b"three")
    for _ in range(2):
        stream = bob.receive()
        assert [m.id for m in stream.waiting(acknowledge=False)] == [i.id for i in items]
        stream.close()
    stream = bob.receive()
    mails = [stream.next() for _ in range(3)]
    stream.acknowledge(mails[1])
    while not stream.settled:
        stream.next()
    stream.close()
    assert [m.content for m in fetch(bob)] == [b"one", b"three"]


@check("a changed chunk, proof or order of chunks is refused and does not come again; the rest does")
def refusals(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    items = [alice.prepare(session, os.urandom(30), chunk_size=10, number=n) for n in range(4)]
    items[0].chunks[1] = bytes([items[0].chunks[1][0] ^ 1]) + items[0].chunks[1][1:]
    items[1].proof = bytes([items[1].proof[0] ^ 1]) + items[1].proof[1:]
    items[2].chunks.reverse()
    prove_again(alice, session, items[0])
    prove_again(alice, session, items[2])
    for item in items:
        alice.deposit(item)
    faults = [m.fault for m in fetch(bob)]
    assert [
        "authentic" in (faults[0] or ""),
        "proof" in (faults[1] or ""),
        "authentic" in (faults[2] or ""),
        faults[3],
    ] == [True] * 3 + [None], faults
    assert fetch(bob) == []


@check("the same deposit sent again gets a receipt and is delivered once")
def repeated(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    item = alice.prepare(session, b"once")
    for _ in range(3):
        alice.deposit(item)
    assert [m.content for m in fetch(bob)] == [b"once"]


@check("Python to Swift: several deposits, and two that Swift refuses")
def python_to_swift(lab):
    alice, (bob, home) = lab.person("alice"), lab.swift_person("bob")
    session = alice.handshake(bob.encode())
    items = [
        alice.prepare(session, c, chunk_size=s, number=n, flags=1, media_type=b"text/plain;charset=utf-8")
        for n, (c, s) in enumerate(
            [(b"", 1), (os.urandom(1000), 7), (b"proof", 3), (b"chunks", 3), (os.urandom(200_000), 65_537)]
        )
    ]
    items[2].proof = bytes(32)
    items[3].chunks.reverse()
    prove_again(alice, session, items[3])
    refused, taken = items[2:4], items[:2] + items[4:]
    for item in items:
        alice.deposit(item)
    into = lab.folder / f"inbox-{bob[4:]}"
    shown = lab.run("receive", "--as", bob, "--home", home, "--into", into)
    written = {json.loads(p.read_text())["id"]: p for p in into.glob("*.json")} if into.exists() else {}
    for item in taken:
        assert item.id.hex() in written, f"{item.id.hex()} is not there: {shown}"
        content = next(p for p in into.glob(item.id.hex() + ".*") if p.suffix != ".json").read_bytes()
        assert deposit.sha256(content) == deposit.sha256(
            deposit.unseal(session.sk, deposit.Header.parse(item.header), item.chunks)
        )
    assert not any(i.id.hex() in written for i in refused)
    assert {m.receipt[0] for m in fetch(alice)} == {i.id for i in taken}


@check("Swift to Python: files and a text, and its delivery receipts")
def swift_to_python(lab):
    bob, (alice, home) = lab.person("bob"), lab.swift_person("alice")
    files = []
    for n, size in enumerate((0, 65_536, 65_537, 1_000_003)):
        files.append(lab.folder / f"file-{n}.wav")
        files[-1].write_bytes(os.urandom(size))
    lab.run("send", "--from", alice, "--to", bob.name.decode(), "--home", home, "--receipt", *files)
    lab.run("send", "--from", alice, "--to", bob.name.decode(), "--home", home, "--text", "Grüße")
    mails = fetch(bob)
    assert not any(m.fault for m in mails), mails
    assert [m.content for m in mails] == [f.read_bytes() for f in files] + ["Grüße".encode()]
    assert all(m.sender == alice.encode() for m in mails) and mails[-1].header.media_type.startswith(b"text/plain")
    told = lab.run("receive", "--as", alice, "--home", home)
    assert all(m.id.hex() in json.dumps(told) for m in mails[:4]), told


@check("mail to another domain of the cluster, and to oneself")
def other_domain(lab):
    alice, bob = lab.person("alice"), lab.person("bob", "other.example")
    alice.send(bob.name, b"to other.example", flags=1)
    bob.send(alice.name, b"to example.com")
    bob.send(bob.name, b"to myself")
    mails = fetch(bob)
    assert [m.content for m in mails] == [b"to other.example", b"to myself"]
    mails = fetch(alice)
    assert mails[0].content == b"to example.com" and mails[1].receipt[1] == bob.name


@check("mail waits for who is not enrolled yet")
def enrolled_later(lab):
    alice, name = lab.person("alice"), lab.name("later")
    alice.send(name.encode(), b"welcome")
    bob = Account.enrol(lab.kms, lab.front, lab.token, name)
    assert [m.content for m in fetch(bob)] == [b"welcome"]


@check("a lifetime ends: the mail does not come, and its id is free")
def expires(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    short, long = alice.prepare(session, b"short", lifetime=1), alice.prepare(session, b"long", number=1)
    alice.deposit(short)
    alice.deposit(long)
    time.sleep(2.5)
    assert [m.content for m in fetch(bob)] == [b"long"]
    alice.deposit(alice.prepare(session, b"again", id=short.id, number=2))
    assert [m.content for m in fetch(bob)] == [b"again"]


@check("twenty at once: the same message, the same deposit")
def at_once(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.initiator(bob.name)
    with ThreadPoolExecutor(20) as pool:

        def all_of(action):
            return [job.result() for job in [pool.submit(action) for _ in range(20)]]

        first = session.message1(now())
        (answer,) = set(all_of(lambda: alice.exchange(first)))
        second = session.message2(answer, now())
        (answer,) = set(all_of(lambda: alice.exchange(second)))
        session.finish(answer)
        item = alice.prepare(session, os.urandom(5000), chunk_size=999)
        all_of(lambda: alice.deposit(item))
    assert len(fetch(bob)) == 1


@check("SK on the other curves, read by both clients")
def curves(lab):
    alice, bob, (ben, home) = lab.person("alice"), lab.person("bob"), lab.swift_person("ben")
    for curve in (ibake.P384, ibake.P521):
        for called in (bob.name, ben.encode()):
            session = alice.handshake(called, sk_curve=curve)
            alice.deposit(alice.prepare(session, str(curve.number).encode(), flags=1))
    assert [m.content for m in fetch(bob)] == [b"11", b"14"]
    assert len(lab.run("receive", "--as", ben, "--home", home)) >= 2
    assert len(fetch(alice)) == 4
    # SK's curve is not the one that H names
    session = alice.handshake(ben.encode(), sk_curve=ibake.P384)
    alice.deposit(alice.prepare(session, b"text", flags=1, curve=8))
    lab.run("receive", "--as", ben, "--home", home)
    assert fetch(alice) == []


@check("mail fetched by an exchange on the other curves, and with compressed points")
def fetched_on_other_curves(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    box = ibake.mailbox_of(bob.name)
    for curve in (ibake.P384, ibake.P521):
        alice.send(bob.name, b"text")
        stream = bob.receive(prove=False)
        stream.prove(bob.initiator(box, curve=curve))
        assert [m.content for m in stream.waiting()] == [b"text"]
        stream.close()
    # compressed, and with all the fields that are ignored: Auth alg, TGK length, Reserv, an SPI
    session = bob.initiator(box)
    session.message1(now())
    point = P256.compressed(P256.public(session.x))
    rest = b"\1\0\x20\x11\3spi"
    inside = mikey.chain([mikey.idr(1, bob.name), ibake.eccpt(point, rest=rest), mikey.idr(2, box)])
    body = bob.parameters.encrypt(ibe.dated(box, session.time1), inside)
    alice.send(bob.name, b"compressed")
    stream = bob.receive(prove=False)
    answer = stream.mikey(session.i_message(mikey.I_MESSAGE_1, session.time1, box, body))
    session.finish(stream.mikey(session.message2(answer, now())))
    assert stream.answer().delivery.sender == alice.name
    stream.close()
    assert [m.content for m in fetch(bob)] == [b"compressed"]


@check("a call that would set up media reaches the mailbox, which repeats its map")
def media(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name, map=b"\2\0" + (b"\0" + os.urandom(4) + bytes(4)) * 2)
    alice.deposit(alice.prepare(session, b"text"))
    assert [m.content for m in fetch(bob)] == [b"text"]


@check("a T of 599 s ago is taken, and a message without the optional V flag")
def tolerated(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    early = now() - timedelta(seconds=590)
    if early.date() != now().date():
        return
    session = alice.initiator(bob.name)
    first = mikey.Message.parse(session.message1(early))
    first.v_flag = 0
    # General Extension may stand anywhere, and the order is free
    first.payloads = [(mikey.EXTENSION, b"\0\0\3abc")] + first.payloads[::-1]
    answer = alice.exchange(first.encode())
    session.finish(alice.exchange(session.message2(answer, early + timedelta(seconds=1))))
    alice.deposit(alice.prepare(session, b"late"))
    assert [m.content for m in fetch(bob)] == [b"late"]


@last("kill -9 and a new start lose nothing and repeat nothing")
def killed(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    items = alice.send(bob.name, b"one", b"two")
    session, begun = alice.handshake(bob.name), alice.initiator(bob.name)
    answer = alice.exchange(begun.message1(now()))
    stream = bob.receive()
    first = stream.next()
    stream.acknowledge(first)
    while first.sequence not in stream.settled:
        stream.next()
    lab.stop(kill=True)
    lab.start()
    bob.front, bob.kms, alice.front = lab.front, lab.kms, lab.front
    assert [m.id for m in fetch(bob)] == [items[1].id]
    # sessions live on: a handshake that was half done, and one that was done
    begun.finish(alice.exchange(begun.message2(answer, now())))
    alice.deposit(alice.prepare(begun, b"three"))
    alice.deposit(alice.prepare(session, b"four"))
    assert [m.content for m in fetch(bob)] == [b"three", b"four"]
