"""Tables of bad input, and ways to spoil a message."""

import os

import grpc

import ibe
from client import now
from mikey import Message

UNREADABLE = "INVALID_ARGUMENT"


class Faults:
    """Runs the cases of a table to its end, and fails with all that went wrong."""

    def __init__(self, lab):
        self.lab, self.found, self.count = lab, [], 0

    def __enter__(self):
        return self

    def case(self, what, expected, send):
        """`expected` is an Error number, a status, or several of them."""
        self.count += 1
        expected = expected if isinstance(expected, tuple) else (expected,)
        if self.lab.verbose:
            print("  ", what)
        try:
            octets, sent = send()
        except grpc.RpcError as error:
            seen = error.code().name
            if self.lab.verbose:
                print("     ", seen, error.details())
            if len(error.details() or "") <= 8:
                self.found.append(f"{what}: no message that names the fault")
        else:
            try:
                seen = Message.parse(octets).error
                if seen is None:
                    seen = f"message {octets[1]}"
                else:
                    self.lab.error(seen, octets, sent)
            except (AssertionError, ibe.Refused) as fault:
                seen = str(fault)
        if seen not in expected:
            self.found.append(f"{what}: {seen}, not {' or '.join(map(str, expected))}")

    def mikey(self, what, expected, account, message):
        octets = message.encode() if isinstance(message, Message) else message
        self.case(what, expected, lambda: (account.exchange(octets), octets))

    def __exit__(self, kind, *_):
        if kind is None:
            assert not self.found, f"{len(self.found)} of {self.count}: " + "; ".join(self.found)


def changed(message, **fields):
    return Message(**{**message.__dict__, **fields})


def without(message, kind, role=None):
    kept = [(k, b) for k, b in message.payloads if k != kind or role is not None and b[0] != role]
    return changed(message, payloads=kept)


def replaced(message, kind, body, role=None):
    return changed(
        message, payloads=[(k, body if k == kind and role in (None, b[0]) else b) for k, b in message.payloads]
    )


def fresh(message):
    return changed(message, csb_id=os.urandom(4))


def first_of(account, called, time=None):
    return Message.parse(account.initiator(called).message1(time or now()))


def second_of(account, called):
    """A session after R_MESSAGE_1, and its I_MESSAGE_2."""
    session = account.initiator(called)
    answer = account.exchange(session.message1(now()))
    return session, Message.parse(session.message2(answer, now()))
