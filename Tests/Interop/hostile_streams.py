"""Who must not receive, and what must not be acknowledged."""

import os
import queue
import struct

import grpc

import deposit
import ibake
import mikey
from client import Mail, now
from faults import UNREADABLE, Faults, changed, first_of, fresh, replaced, second_of, without
from good_checks import fetch
from lab import checks
from ibake import P256
from ibe import dated
from mikey import EXTENSION, IDR, INITIATOR, Message

ALL = []
check = checks(ALL)


def stream_fails(lab, codes, stream, seconds=10):
    """The stream must end with one of these codes, and bring no mail before."""

    def read():
        while (answer := stream.answer(seconds)) is not None:
            assert answer.WhichOneof("part") != "delivery", "it brings mail"

    details = lab.fails(codes, read)
    stream.close()
    return details


@check("receiving as somebody else")
def as_somebody_else(lab):
    alice, bob, mallory = lab.person("alice"), lab.person("bob"), lab.person("mallory")
    alice.send(bob.name, b"for Bob")
    box = ibake.mailbox_of(bob.name)

    def ends(octets, numbers=(0, 7, 12), codes=(UNREADABLE, "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION")):
        """What is refused ends the stream: with an Error message or a status."""
        stream = mallory.receive(prove=False)
        stream.say(mikey=octets)
        try:
            answer = stream.answer(10)
            assert answer is not None and answer.WhichOneof("part") == "mikey", answer
            lab.error(numbers, answer.mikey, octets)
            try:
                assert stream.answer(10) is None, "the stream goes on"
            except grpc.RpcError:
                pass
        except grpc.RpcError as error:
            assert error.code().name in codes and error.details(), error
        stream.close()

    # Mallory says that he is Bob, and cannot open what comes
    session = ibake.Initiator(bob.name, box, *ibake.ibe_with(mallory.parameters, mallory.keys))
    stream = mallory.receive(prove=False)
    assert Message.parse(stream.mikey(session.message1(now()))).data_type == mikey.R_MESSAGE_1
    guess = mallory.parameters.encrypt(dated(box, now()), ibake.inner(bob.name, None, box, P256.public(9)))
    octets = ibake.i_message(
        mikey.I_MESSAGE_2, session.csb_id, mikey.ntp(now()), session.rand, bob.name, box, guess
    ).encode()
    lab.error(0, stream.mikey(octets), octets)
    stream.close()
    # his own exchange under Bob's name, and what is no I_MESSAGE_1
    good = first_of(mallory, box)
    ends(replaced(good, IDR, mikey.idr(INITIATOR, bob.name)[1], INITIATOR).encode())
    ends(fresh(changed(good, data_type=mikey.I_MESSAGE_2)).encode())
    ends(b"hello")
    ends(b"")
    # a deferred exchange is for deposits
    for called in (bob.name, mallory.name):
        session, stream = mallory.initiator(called), mallory.receive(prove=False)
        session.finish(stream.mikey(session.message2(stream.mikey(session.message1(now())), now())))
        stream_fails(lab, "PERMISSION_DENIED", stream)
    # acknowledging or saying nothing before the exchange
    stream = mallory.receive(prove=False)
    stream.say(acknowledgement=lab.front.message("Acknowledgement", sequence=0, id=bytes(16), mac=bytes(32)))
    stream_fails(lab, (UNREADABLE, "FAILED_PRECONDITION", "PERMISSION_DENIED"), stream)
    stream = mallory.receive(prove=False)
    stream.say()
    stream_fails(lab, UNREADABLE, stream)
    assert [m.content for m in fetch(bob)] == [b"for Bob"]


@check("an exchange opens one stream, once, and a unary one opens none")
def one_stream_each(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    alice.send(bob.name, b"for Bob")
    box = ibake.mailbox_of(bob.name)
    # recorded from a stream
    session = bob.initiator(box)
    stream = bob.receive(prove=False)
    first = session.message1(now())
    second = session.message2(stream.mikey(first), now())
    session.finish(stream.mikey(second))
    assert stream.answer().WhichOneof("part") == "delivery"
    # recorded from unary calls
    unary = bob.initiator(box)
    first_unary = unary.message1(now())
    second_unary = unary.message2(bob.exchange(first_unary), now())
    unary.finish(bob.exchange(second_unary))
    half = bob.initiator(box)
    first_half = half.message1(now())
    second_half = half.message2(bob.exchange(first_half), now())
    alone = bob.initiator(box)
    second_alone = alone.message2(bob.exchange(alone.message1(now())), now())
    faults = []
    for what, a, b in (
        ("a stream's messages again", first, second),
        ("those of unary calls", first_unary, second_unary),
        ("a unary I_MESSAGE_1, then I_MESSAGE_2", first_half, second_half),
        ("I_MESSAGE_2 alone, after a unary I_MESSAGE_1", second_alone, None),
        ("I_MESSAGE_2 of a stream alone", second, None),
        ("I_MESSAGE_2 of unary calls alone", second_unary, None),
    ):
        thief = bob.receive(prove=False)
        for octets in filter(None, (a, b)):
            thief.say(mikey=octets)
        try:
            stream_fails(lab, "FAILED_PRECONDITION" if b else ("FAILED_PRECONDITION", UNREADABLE), thief, 2)
        except queue.Empty:  # answered as a unary call would be, and no stream
            if b:
                faults.append(f"{what}: silence")
        except AssertionError as fault:
            faults.append(f"{what}: {fault}")
    # the messages of a stream over unary calls give at most the same answers, and no deposit
    try:
        bob.exchange(second)
    except grpc.RpcError as error:
        assert error.code().name == "FAILED_PRECONDITION"
    session.esk, session.sk, session.time2 = b"ESK", P256.public(3), now()
    item = bob.prepare(session, b"text", recipient=box)
    lab.fails(("NOT_FOUND", "PERMISSION_DENIED", "FAILED_PRECONDITION"), lambda: bob.deposit(item))
    assert not faults, "; ".join(faults)
    stream.close()
    assert [m.content for m in fetch(bob)] == [b"for Bob"]


@check("ten streams at once with one exchange: one of them gets the mail")
def race(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    alice.send(bob.name, b"for Bob")
    session, streams = bob.initiator(ibake.mailbox_of(bob.name)), [bob.receive(prove=False) for _ in range(10)]
    first = session.message1(now())
    second = session.message2(streams[0].mikey(first), now())
    for stream in streams:
        if stream is not streams[0]:
            stream.say(mikey=first)
        stream.say(mikey=second)
    delivered = 0
    for stream in streams:
        try:
            while (answer := stream.answer(10)) and answer.WhichOneof("part") != "caught_up":
                delivered += answer.WhichOneof("part") == "delivery"
        except grpc.RpcError as error:
            assert error.code().name == "FAILED_PRECONDITION", error
    for stream in streams:
        stream.close()
    assert delivered <= 1, f"{delivered} streams"
    assert [m.content for m in fetch(bob)] == [b"for Bob"]


@check("a recipient of one domain at the mailbox of another")
def other_mailbox(lab):
    alice, bob = lab.person("alice"), lab.person("bob", "other.example")
    alice.send(bob.name, b"for Bob")
    stream = bob.receive(prove=False)
    stream.prove(bob.initiator(ibake.mailbox_of(alice.name)))
    stream_fails(lab, "PERMISSION_DENIED", stream)
    assert [m.content for m in fetch(bob)] == [b"for Bob"]


@check("acknowledgements with a wrong MAC, id, sequence or word settle nothing")
def acknowledgements(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    alice.send(bob.name, b"one", b"two")
    faults = []
    for what, change in (
        ("a wrong MAC", dict(mac=bytes(32))),
        ("a MAC of 31 octets", dict(mac=bytes(31))),
        ("no MAC", dict(mac=b"")),
        ("another id", dict(id=bytes(16))),
        ("an id of 15 octets", dict(id=bytes(15))),
        ("a sequence that is to come", dict(sequence=7)),
        ("the other word", None),
        ("a huge sequence", dict(sequence=2**64 - 1)),
    ):
        stream = bob.receive()
        mails = stream.waiting(acknowledge=False)
        assert len(mails) == 2, f"settled by what came before {what}"
        if change is None:
            change = dict(mac=deposit.acknowledgement(stream.key, 0, mails[0].id, refused=True))
        stream.acknowledge(mails[0], **change)
        try:
            stream_fails(lab, ("PERMISSION_DENIED", UNREADABLE), stream)
        except (AssertionError, queue.Empty) as fault:
            faults.append(f"{what}: {type(fault).__name__} {fault}")
            stream.close()
    # a right MAC for a sequence that was not sent, or for the other delivery's id
    for sequence, n in ((7, 0), (0, 1)):
        stream = bob.receive()
        mails = stream.waiting(acknowledge=False)
        assert len(mails) == 2
        mails[n].sequence = sequence
        stream.acknowledge(mails[n])
        try:
            stream_fails(lab, ("PERMISSION_DENIED", UNREADABLE), stream)
        except (AssertionError, queue.Empty) as fault:
            faults.append(f"a right MAC for sequence {sequence}: {type(fault).__name__} {fault}")
            stream.close()
    assert not faults, "; ".join(faults)
    # one acknowledgement twice, and one made for another stream
    stream = bob.receive()
    mails = stream.waiting(acknowledge=False)
    stream.acknowledge(mails[0])
    while not stream.settled:
        stream.next()
    stream.acknowledge(mails[0])
    stream_fails(lab, "PERMISSION_DENIED", stream)
    old, stream = stream.key, bob.receive()
    (mail,) = stream.waiting(acknowledge=False)
    stream.acknowledge(mail, mac=deposit.acknowledgement(old, 0, mail.id))
    stream_fails(lab, "PERMISSION_DENIED", stream)
    assert [m.content for m in fetch(bob)] == [b"two"]
    assert fetch(alice) == []


@check("a second stream of the same recipient")
def second_stream(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    session = alice.handshake(bob.name)
    old = bob.receive()
    assert old.next() == "caught_up"
    new = bob.receive()
    assert new.next() == "caught_up"
    item = alice.prepare(session, b"text")
    alice.deposit(item)
    mail = new.next()
    while mail == "caught_up":
        mail = new.next()
    assert isinstance(mail, Mail) and mail.content == b"text"
    new.acknowledge(mail)
    while not new.settled:
        new.next()
    new.close()
    old.close()
    assert fetch(bob) == []


@check("messages that are too large, or no messages at all")
def too_large(lab):
    alice = lab.person("alice")
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), lambda: alice.exchange(os.urandom(70_000)))
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), lambda: alice.exchange(os.urandom(10_000_000)))
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), lambda: alice.exchange(b""))
    good = first_of(alice, lab.name("bob").encode())
    extension = (EXTENSION, b"\0" + struct.pack(">H", 65535) + bytes(65535))
    extended = changed(good, payloads=[extension] * 80 + good.payloads)
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), lambda: alice.exchange(extended.encode()))
    # octets that are no protobuf
    raw = lab.front.channel.unary_unary("/posterestante.v1.Mailbox/Exchange")
    lab.fails((UNREADABLE, "INTERNAL"), lambda: raw(b"\xff\xff\xff", timeout=10))
    stream = alice.receive(prove=False)
    stream.say(mikey=os.urandom(5_000_000))
    stream_fails(lab, (UNREADABLE, "RESOURCE_EXHAUSTED"), stream)
