"""Bad enrolments, requests for keys, and presence events."""

import json
from datetime import timedelta

import mikey
from client import now
from faults import UNREADABLE, Faults, changed, first_of, fresh, replaced, second_of, without
from good_checks import fetch
from lab import checks
from ibe import dated
from mikey import IDR, RAND, V, Message

ALL = []
check = checks(ALL)


@check("enrolment: token, names that are taken, names that nobody may have")
def enrolment(lab):
    alice = lab.person("alice")

    def enrol(names, token=lab.token, **fields):
        metadata = [("authorization", f"Bearer {token}")] if token is not None else None
        return lambda: lab.kms.call(
            "KeyManagement", "Enroll", lab.kms.message("EnrollRequest", identities=names, **fields), metadata
        )

    for token in ("wrong", "", None, lab.token[:-1]):
        lab.fails(("PERMISSION_DENIED", "UNAUTHENTICATED"), enrol([lab.name("bob")], token))
    lab.fails("ALREADY_EXISTS", enrol([alice.name.decode()]))
    lab.fails("ALREADY_EXISTS", enrol([lab.name("new"), alice.name.decode()]))
    for names in ([], [""], ["sip:a b@example.com"], ["sip:ä@example.com"], ["sip:" + "a" * 600 + "@example.com"]):
        lab.fails(UNREADABLE, enrol(names))
    lab.fails((UNREADABLE, "PERMISSION_DENIED", "ALREADY_EXISTS"), enrol(["sip:mailbox@example.com"]))
    lab.fails((UNREADABLE, "PERMISSION_DENIED", "NOT_FOUND"), enrol(["sip:bob@elsewhere.example"]))
    lab.fails((UNREADABLE, "PERMISSION_DENIED", "ALREADY_EXISTS"), enrol([lab.name("x")], mailbox_domain="example.com"))


@check("requests for keys: other people's, other days', wrong MAC, replays")
def key_requests(lab):
    alice, bob = lab.person("alice"), lab.person("bob")
    today = dated(alice.name, now())
    with Faults(lab) as faults:

        def case(what, expected, request):
            octets = request if isinstance(request, bytes) else request.encode()
            faults.case(what, expected, lambda: (alice.kms.mikey("KeyManagement", "RequestKeys", octets), octets))

        case("Bob's key", 7, alice.key_request([dated(bob.name, now())]))
        case("Bob's key among one's own", 7, alice.key_request([today, dated(bob.name, now())]))
        case("the mailbox's key", 7, alice.key_request([dated(b"sip:mailbox@example.com", now())]))
        for days in (-400, 400, 36500):
            day = now() + timedelta(days=days % 30000 if days < 0 else min(days, 29000))
            case(f"a key {days} days off", 7, alice.key_request([dated(alice.name, day)]))
        for text in (b"2026-13-01", b"2026-02-30", b"2026-1-01", b"2026/01/01", b"", b"20260101"):
            case(f"the date '{text.decode()}'", 7, alice.key_request([alice.name + text]))
        case("no name", (7, 12), alice.key_request([]))
        case(
            "65 names",
            (7, 12),
            alice.key_request([dated(alice.name, now() + timedelta(days=n % 3)) for n in range(65)]),
        )
        case("one name twice", (7, 12, mikey_response), alice.key_request([today, today]))
        wrong = alice.key_request([today])
        wrong.psk = bytes(32)
        case("another PSK", 0, wrong)
        unknown = alice.key_request([today])
        unknown.psk_name = b"nobody"
        case("an unknown PSK name", 0, unknown)
        theirs = alice.key_request([today])
        theirs.psk_name = bob.enrolment.psk_name
        case("Bob's PSK name", 0, theirs)
        other = alice.key_request([today])
        other.kms = b"sip:other@example.com"
        case("another KMS", (0, 7), other)
        late = alice.key_request([today])
        late.ntp = mikey.ntp(now() - timedelta(seconds=700))
        case("a T of 700 s ago", 1, late)
        early = alice.key_request([today])
        early.ntp = mikey.ntp(now() + timedelta(seconds=700))
        case("a T of 700 s ahead", 1, early)
        good = alice.key_request([today])
        octets = good.encode()
        case("a bit changed in V", 0, octets[:-1] + bytes([octets[-1] ^ 1]))
        case("cut off", UNREADABLE, octets[:-1])
        case("an octet behind", UNREADABLE, octets + b"\0")
        case("I_MESSAGE_1", (11, 12), first_of(alice, bob.name))
        parsed = Message.parse(octets)
        case("PRF 0", (2, 3, UNREADABLE), changed(parsed, prf=0))
        case("no RAND", 12, signed(alice, without(parsed, RAND), good))
        case("no KMS's name", (12, 7), signed(alice, without(parsed, IDR, mikey.KMS), good))
        # repeats
        answer = alice.kms.mikey("KeyManagement", "RequestKeys", octets)
        assert good.open(answer)
        assert alice.kms.mikey("KeyManagement", "RequestKeys", octets) == answer, "the same octets get another answer"
        case("other octets, same CSB ID", 12, alice.key_request([today], csb_id=good.csb_id))
        assert alice.kms.mikey("KeyManagement", "RequestKeys", octets) == answer
    answers = []
    for request in (wrong, unknown):
        answers.append(Message.parse(alice.kms.mikey("KeyManagement", "RequestKeys", request.encode())))
    assert [len(a.encode()) for a in answers] == [len(answers[0].encode())] * 2, "an unknown PSK looks different"


mikey_response = f"message {mikey.REQUEST_KEY_RESP}"


def signed(account, message, request):
    kept = changed(message, payloads=[p for p in message.payloads if p[0] != V])
    kms = b"" if not [b for b in kept.all(IDR) if b[0] == mikey.KMS] else request.kms
    return kept.signed(request.key(mikey.AUTHENTICATION), b"".join(request.identities) + kms)


@check("presence events that are none")
def presence(lab):
    alice = lab.person("alice")

    def publish(*events):
        return lambda: lab.front.call(
            "Mailbox", "PublishPresence", lab.front.message("PublishPresenceRequest", events=events)
        )

    good = json.dumps({"entity": alice.name.decode(), "basic": "open", "contact": "192.0.2.7:5150"})
    for event in (
        "",
        "nonsense",
        "{}",
        "[]",
        '{"entity": 5, "basic": "open"}',
        good.replace("open", "maybe"),
        good[:-1],
    ):
        lab.fails(UNREADABLE, publish(event))
    lab.fails(UNREADABLE, publish(good, "nonsense"))
    lab.fails(UNREADABLE, publish("[" * 4000))
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), publish(*[good] * 2000))
    lab.fails((UNREADABLE, "RESOURCE_EXHAUSTED"), publish(good + " " * 100_000))
    # Nobody speaks for her but herself, with a proof.
    lab.fails("PERMISSION_DENIED", publish(good))
