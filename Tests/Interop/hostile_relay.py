"""`poste` against somebody in the middle of its connection, who changes what passes (wire protocol apart from TLS)."""

import os
from contextlib import contextmanager

import deposit
import ibake
import ibe
import mikey
from client import now
from faults import changed, replaced
from good_checks import fetch
from ibake import P256
from ibe import dated
from lab import checks
from mikey import ESK, IBAKE, IDR, INITIATOR, RESPONDER, T, Message
from relay import Lost, Relay

ALL = []
check = checks(ALL)


def flipped(octets, at=0):
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


@contextmanager
def between(lab):
    relay = Relay(lab.front)
    roots, token = lab.folder / f"roots-{relay.port}.pem", lab.folder / "token"
    roots.write_bytes((lab.cluster / "ca.pem").read_bytes() + relay.roots)
    token.write_text(lab.token)
    try:
        places = ("--kms", lab.addresses["kms"], "--front", f"127.0.0.1:{relay.port}", "--roots", roots)
        yield relay, *lab.swift_person("swift", *places, "--token-file", token)
    finally:
        relay.close()


def on_messages(kind, change):
    """A hook that changes MIKEY messages of one kind, where they are."""

    def hook(method, message):
        name = "octets" if method == "Exchange" else "mikey"
        octets = getattr(message, name, b"")
        if method in ("Exchange", "Receive") and octets and octets[1] == kind:
            setattr(message, name, change(octets))
        return [message]

    return hook


def on_part(name, change):
    """A hook that changes one part of a stream, or a receipt; `change` may return a list of messages instead."""

    def hook(method, message):
        oneof = "part" in message.DESCRIPTOR.oneofs_by_name and message.WhichOneof("part")
        if name == (oneof or message.DESCRIPTOR.name):
            result = change(message if not oneof or name == "chunk" else getattr(message, name), message)
            return [message] if result is None else result
        return [message]

    return hook


@check("sending: what is changed on the way is noticed, and not told as stored")
def sending(lab):
    bob, mallory = lab.person("bob"), lab.person("mallory")
    faults = []
    with between(lab) as (relay, alice, home):
        alice = alice.encode()

        def again(message, **fields):
            for name, value in fields.items():
                setattr(message, name, value)

        def other_esk(octets):
            message = Message.parse(octets)
            plaintext = ibake.esk_inner(alice, P256.public(7))
            swapped = bob.parameters.encrypt(dated(bob.name, mikey.time_of(message.ntp)), plaintext)
            return replaced(message, ESK, mikey.encrypted(ESK, swapped)[1]).encode()

        def other_queue(octets):
            return replaced(Message.parse(octets), IDR, mikey.idr(RESPONDER, mallory.name)[1], RESPONDER).encode()

        def later(octets):
            message = Message.parse(octets)
            time = flipped(message.ntp, 7)
            return replaced(message, T, b"\0" + time).encode()

        def other_y(octets):
            message = Message.parse(octets)
            plaintext = ibake.inner(alice, None, ibake.mailbox_of(alice), P256.public(7))
            body = bob.parameters.encrypt(dated(alice, mikey.time_of(message.ntp)), plaintext)
            return replaced(message, IBAKE, mikey.encrypted(IBAKE, body)[1]).encode()

        seen = {}

        def remember(octets):
            seen[octets[1]] = Message.parse(octets)
            return octets

        def thief(octets):
            """Bob, or who has his key, opened I_MESSAGE_1 and answers as the mailbox (choice 15)."""
            first, second = seen[mikey.I_MESSAGE_1], seen[mikey.I_MESSAGE_2]
            key = bob.keys[dated(bob.name, mikey.time_of(first.ntp))]
            inside = bob.parameters.decrypt(key, first.encr_data(IBAKE))
            x = ibake.read_inner(inside, alice, bob.name)[0]
            auth_key = ibake.session_keys(P256.shared(7, x), first.csb_id, first.rand)[2]
            body = bob.parameters.encrypt(dated(alice, mikey.time_of(second.ntp)), ibake.inner(alice, x))
            box = ibake.mailbox_of(alice)
            answer = ibake.r_message(mikey.R_MESSAGE_2, first.csb_id, second.ntp, alice, box, body)
            return answer.signed(auth_key, alice + box)

        def thief_requests(method, message):
            if method == "Exchange":
                remember(message.octets)
                if message.octets[1] == mikey.I_MESSAGE_2:  # never reaches the mailbox
                    message.octets = seen[mikey.I_MESSAGE_1].encode()
            return [message]

        def thief_answers(method, message):
            if method == "Exchange":
                stolen = mikey.I_MESSAGE_2 in seen
                message.octets = thief(message.octets) if stolen else other_y(message.octets)
            return [message]

        def changed_content(method, message):
            if method == "Deposit" and message.WhichOneof("part") == "chunk":
                message.chunk = flipped(message.chunk)
                seen["digest"] = deposit.sha256(message.chunk)
            if method == "Deposit" and message.WhichOneof("part") == "closing":
                message.closing.ciphertext_sha256 = seen["digest"]
            return [message]

        for what, request, response in (
            ("another MAC in V", None, on_messages(mikey.R_MESSAGE_2, lambda o: flipped(o, -1 + len(o)))),
            ("another point of the responder", None, on_messages(mikey.R_MESSAGE_1, other_y)),
            ("a thief of Bob's key as mailbox", thief_requests, thief_answers),
            ("another ESK", on_messages(mikey.I_MESSAGE_2, other_esk), None),
            ("another queue", on_messages(mikey.I_MESSAGE_1, other_queue), None),
            ("another T", on_messages(mikey.I_MESSAGE_2, later), None),
            ("another tag", on_part("opening", lambda p, m: again(p, tag=flipped(p.tag))), None),
            ("another ESK in the opening", on_part("opening", lambda p, m: again(p, esk=flipped(p.esk, 40))), None),
            ("no ESK in the opening", on_part("opening", lambda p, m: again(p, esk=b"")), None),
            ("another H", on_part("opening", lambda p, m: again(p, header=flipped(p.header, len(p.header) - 1))), None),
            ("another chunk", on_part("chunk", lambda p, m: again(m, chunk=flipped(m.chunk))), None),
            ("another content under its right hash", changed_content, None),
            ("another proof", on_part("closing", lambda p, m: again(p, sender_proof=flipped(p.sender_proof))), None),
            ("no proof", on_part("closing", lambda p, m: again(p, sender_proof=b"")), None),
            ("another MAC in the receipt", None, on_part("DepositReceipt", lambda p, m: again(m, mac=flipped(m.mac)))),
            ("another time in the receipt", None, on_part("DepositReceipt", lambda p, m: again(m, received_at_ms=5))),
        ):
            seen.clear()
            relay.request = request or (lambda method, message: [message])
            relay.response = response or (lambda method, message: [message])
            arguments = ("--from", alice.decode(), "--to", bob.name.decode(), "--home", home, "--retry-for", "1s")
            try:
                lab.run("send", *arguments, "--text", what, status="failure")
            except AssertionError as fault:
                faults.append(f"{what}: {fault}")
            mails = fetch(bob)
            # what was changed behind the tag is stored, and Bob sees it
            if any(not m.fault and "receipt" not in what for m in mails):
                faults.append(f"{what}: delivered")
            if fetch(mallory):
                faults.append(f"{what}: delivered to somebody else")
        relay.request = relay.response = lambda method, message: [message]
        lab.run("send", "--from", alice.decode(), "--to", bob.name.decode(), "--home", home, "--text", "good")
        assert "good" in [m.content.decode() for m in fetch(bob)]
    assert not faults, "; ".join(faults)


@check("sending: each answer lost once, and the mail is there once")
def answers_lost(lab):
    bob = lab.person("bob")
    with between(lab) as (relay, alice, home):
        lost = set()

        def lose(method, message):
            octets = getattr(message, "octets", b"")
            what = octets[1] if octets else method
            if method in ("Exchange", "Deposit") and what not in lost:
                lost.add(what)
                raise Lost()
            return [message]

        relay.response = lose
        lab.run("send", "--from", alice, "--to", bob.name.decode(), "--home", home, "--text", "once")
        assert lost == {mikey.R_MESSAGE_1, mikey.R_MESSAGE_2, "Deposit"}
    assert [m.content for m in fetch(bob)] == [b"once"]


@check("receiving: what is changed on the way is not shown, and what waits comes later")
def receiving(lab):
    alice = lab.person("alice")
    faults = []
    with between(lab) as (relay, bob, home):

        def again(message, **fields):
            for name, value in fields.items():
                setattr(message, name, value)

        def doubled(part, message):
            return [message, message]

        skipping = []

        def without_first(method, message):
            if message.WhichOneof("part") == "delivery":
                skipping[:] = [message.delivery.sequence == 0]
            return [] if message.WhichOneof("part") in ("delivery", "chunk") and skipping[0] else [message]

        for what, response in (
            ("another MAC in V", on_messages(mikey.R_MESSAGE_2, lambda o: flipped(o, len(o) - 1))),
            ("another MAC", on_part("delivery", lambda p, m: again(p, mac=flipped(p.mac)))),
            ("another sequence", on_part("delivery", lambda p, m: again(p, sequence=p.sequence + 1))),
            ("another H", on_part("delivery", lambda p, m: again(p, header=flipped(p.header, len(p.header) - 1)))),
            ("another ESK", on_part("delivery", lambda p, m: again(p, esk=flipped(p.esk, len(p.esk) - 1)))),
            ("another sender", on_part("delivery", lambda p, m: again(p, sender=b"sip:eve@example.com"))),
            ("another time", on_part("delivery", lambda p, m: again(p, received_at_ms=p.received_at_ms + 1))),
            ("another proof", on_part("delivery", lambda p, m: again(p, sender_proof=flipped(p.sender_proof)))),
            ("no proof", on_part("delivery", lambda p, m: again(p, sender_proof=b""))),
            ("a delivery twice", on_part("delivery", doubled)),
            ("the first delivery left out", without_first),
        ):
            items = alice.send(bob.encode(), b"one " + what.encode(), b"two " + what.encode())
            relay.response = response
            shown = lab.run("receive", "--as", bob, "--home", home, "--retry-for", "1s", status="failure")
            if what != "a delivery twice" and shown:
                faults.append(f"{what}: shown")
            relay.response = lambda method, message: [message]
            shown += lab.run("receive", "--as", bob, "--home", home)
            if [s.get("id") for s in shown if not s.get("repeat")] != [i.id.hex() for i in items]:
                faults.append(f"{what}: afterwards {shown}")
        # a changed chunk cannot be told from a bad sender's: refused, and not shown
        alice.send(bob.encode(), b"chunk")
        relay.response = on_part("chunk", lambda p, m: again(m, chunk=flipped(m.chunk)))
        assert not [s for s in lab.run("receive", "--as", bob, "--home", home) if "path" in s]
    assert not faults, "; ".join(faults)


@check("receiving: acknowledgements lost, and nothing is shown twice")
def acknowledgements_lost(lab):
    alice = lab.person("alice")
    with between(lab) as (relay, bob, home):
        items = alice.send(bob.encode(), b"one", b"two", flags=1)
        relay.request = lambda method, m: [] if method == "Receive" and m.WhichOneof("part") != "mikey" else [m]
        shown = lab.run("receive", "--as", bob, "--home", home, "--retry-for", "1s", status="failure")
        assert [s["id"] for s in shown] == [i.id.hex() for i in items], shown
        assert fetch(alice) == []
        relay.request = lambda method, message: [message]
        shown = lab.run("receive", "--as", bob, "--home", home)
        assert all(s.get("repeat") for s in shown), shown
        assert {m.id for m in fetch(alice)} == {i.id for i in items}
        assert lab.run("receive", "--as", bob, "--home", home) == []
