"""A client of the KMS and the mailbox over gRPC, which knows the services from reflection alone."""

import queue
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import deposit
import ibake
import ibe
import mikey
from ibe import Refused, dated, require

TIMEOUT_SECONDS = 20


def now():
    return datetime.now(timezone.utc)


class Server:
    def __init__(self, target, roots):
        self.channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots))
        grpc.channel_ready_future(self.channel).result(timeout=TIMEOUT_SECONDS)
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(database)
        self.services = {name.rpartition(".")[2]: self.pool.FindServiceByName(name) for name in database.get_services()}

    def message(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"posterestante.v1.{name}"))(**fields)

    def call(self, service, method, argument, metadata=None, timeout=TIMEOUT_SECONDS):
        descriptor = self.services[service].methods_by_name[method]
        kind = f"{'stream' if descriptor.client_streaming else 'unary'}_{'stream' if descriptor.server_streaming else 'unary'}"
        request, response = map(message_factory.GetMessageClass, (descriptor.input_type, descriptor.output_type))
        path = f"/{self.services[service].full_name}/{method}"
        stub = getattr(self.channel, kind)(path, request.SerializeToString, response.FromString)
        return stub(argument, timeout=timeout, metadata=metadata)

    def mikey(self, service, method, octets):
        return self.call(service, method, self.message("MIKEYMessage", octets=octets)).octets


@dataclass
class Deposit:
    """A deposit as it goes over the wire; who is hostile changes it first."""

    csb_id: bytes
    initiator: bytes
    header: bytes
    tag: bytes
    chunks: list
    proof: bytes
    key: bytes
    esk: bytes

    @property
    def digest(self):
        return deposit.sha256(b"".join(self.chunks))

    @property
    def id(self):
        return deposit.Header.parse(self.header).id


class Account:
    def __init__(self, kms, front, name, enrolment):
        self.kms, self.front, self.name, self.enrolment = kms, front, name, enrolment
        domain = ibake.mailbox_of(name).partition(b"@")[2].decode()
        systems = [ibe.SystemParameters.parse(p) for p in enrolment.parameters]
        valid = [s for s in systems if s.district == f"sip:{domain}" and s.not_before <= now() <= s.not_after]
        require(valid, f"no parameters for {domain}")
        self.parameters, self.keys = max(valid, key=lambda s: s.serial).parameters, {}

    @classmethod
    def enrol(cls, kms, front, token, *names):
        request = kms.message("EnrollRequest", identities=names)
        answer = kms.call("KeyManagement", "Enroll", request, [("authorization", f"Bearer {token}")])
        account = cls(kms, front, names[0].encode(), answer)
        account.fetch([dated(n.encode(), now() + timedelta(days=d)) for n in names for d in (0, 1)])
        return account

    def key_request(self, identities, **fields):
        e = self.enrolment
        return mikey.KeyRequest(e.psk_name, e.psk, e.kms, identities, mikey.ntp(now()), **fields)

    def fetch(self, identities):
        request = self.key_request(identities)
        found = request.open(self.kms.mikey("KeyManagement", "RequestKeys", request.encode()))
        self.keys.update({name: self.parameters.private_key(key, name) for name, key in found.items()})

    # Handshakes

    def initiator(self, called, **fields):
        return ibake.Initiator(self.name, called, *ibake.ibe_with(self.parameters, self.keys), **fields)

    def exchange(self, octets):
        return self.front.mikey("Mailbox", "Exchange", octets)

    def handshake(self, called, **fields):
        session = self.initiator(called, **fields)
        answer = self.exchange(session.message1(now()))
        session.finish(self.exchange(session.message2(answer, now())))
        return session

    # Deposits

    def proof_key(self, other, id, time):
        value = self.parameters.curve.pairing(
            self.keys[dated(self.name, time)], self.parameters.public_key(dated(other, time))
        )
        return deposit.proof_key(self.parameters.curve.canonical(value), id)

    def prepare(self, session, content, **fields):
        fields = dict(recipient=session.called, curve=session.sk_curve.number) | fields
        header = deposit.Header(
            sender=self.name,
            ntp=mikey.ntp(session.time2),
            esk_sha256=deposit.sha256(session.esk),
            length=len(content),
            **fields,
        )
        chunks, octets = deposit.seal(session.sk, header, content), header.encode()
        proof = deposit.proof(
            self.proof_key(session.called, header.id, session.time2), octets, deposit.sha256(b"".join(chunks))
        )
        key = deposit.deposit_key(session.tgk, session.csb_id)
        return Deposit(
            session.csb_id,
            self.name,
            octets,
            deposit.tag(key, session.i_message_2, octets),
            chunks,
            proof,
            key,
            session.esk,
        )

    def parts(self, item, digest=None):
        def part(**fields):
            return self.front.message("DepositRequest", **fields)

        opening = dict(csb_id=item.csb_id, initiator=item.initiator, header=item.header, tag=item.tag, esk=item.esk)
        return [
            part(opening=self.front.message("DepositOpening", **opening)),
            *(part(chunk=chunk) for chunk in item.chunks),
            part(
                closing=self.front.message(
                    "DepositClosing", ciphertext_sha256=digest or item.digest, sender_proof=item.proof
                )
            ),
        ]

    def deposit(self, item, parts=None):
        """Sends it, and checks the receipt. Returns when the mailbox received it, in ms."""
        answer = self.front.call("Mailbox", "Deposit", iter(parts or self.parts(item)))
        made = deposit.receipt(item.key, item.id, answer.received_at_ms, item.digest, item.proof)
        require(answer.mac == made, "a receipt with a wrong MAC")
        return answer.received_at_ms

    def send(self, called, *contents, **fields):
        session = self.handshake(called)
        items = [self.prepare(session, content, number=i, **fields) for i, content in enumerate(contents)]
        for item in items:
            self.deposit(item)
        return items

    # Mail

    def receive(self, **fields):
        return Stream(self, **fields)


@dataclass
class Mail:
    sequence: int
    id: bytes
    header: object  # None in a delivery receipt
    sender: bytes
    received_at_ms: int
    content: bytes = b""
    receipt: tuple = None
    fault: str = None
    raw: object = field(default=None, repr=False)


class Stream:
    """A recipient's stream. `prove` runs the exchange; `next` gives what comes: Mail, "settled" or "caught_up"."""

    def __init__(self, account, prove=True, timeout=TIMEOUT_SECONDS):
        self.account, self.front, self.sequence = account, account.front, 0
        self.requests, self.answers, self.esks, self.settled = queue.Queue(), queue.Queue(), {}, {}
        self.call = self.front.call("Mailbox", "Receive", iter(self.requests.get, None), timeout=timeout)
        threading.Thread(target=self.read, daemon=True).start()
        if prove:
            self.prove()

    def read(self):
        try:
            for answer in self.call:
                self.answers.put(answer)
            self.answers.put(None)
        except grpc.RpcError as error:
            self.answers.put(error)

    def say(self, **fields):
        self.requests.put(self.front.message("ReceiveRequest", **fields))

    def answer(self, timeout=TIMEOUT_SECONDS):
        """None at the stream's end; raises the status of one that failed, and queue.Empty when nothing comes."""
        answer = self.answers.get(timeout=timeout)
        if isinstance(answer, grpc.RpcError):
            raise answer
        return answer

    def mikey(self, octets):
        self.say(mikey=octets)
        answer = self.answer()
        require(answer is not None and answer.WhichOneof("part") == "mikey", f"no MIKEY message but {answer}")
        return answer.mikey

    def prove(self, session=None):
        session = session or self.account.initiator(ibake.mailbox_of(self.account.name))
        answer = self.mikey(session.message1(now()))
        session.finish(self.mikey(session.message2(answer, now())))
        require(not session.deferred, "the mailbox cannot read what is for it")
        self.session, self.key = session, deposit.delivery_key(session.tgk, session.csb_id)

    def next(self, timeout=TIMEOUT_SECONDS):
        answer = self.answer(timeout)
        part = answer and answer.WhichOneof("part")
        if part == "settled":
            self.settled[answer.settled.sequence] = answer.settled.id
        if part != "delivery":
            return part
        d = answer.delivery
        made = deposit.delivery(self.key, d.sequence, d.header, d.esk, d.sender, d.received_at_ms, d.sender_proof)
        require(d.mac == made and d.sequence == self.sequence, "a delivery with a wrong MAC or sequence")
        self.sequence += 1
        told = deposit.parse_receipt(d.header)
        if told:
            require(
                d.sender == self.session.responder and not d.esk and not d.sender_proof and not d.ciphertext_octets,
                "no receipt",
            )
            return Mail(d.sequence, told[0], None, d.sender, d.received_at_ms, receipt=told)
        header = deposit.Header.parse(d.header)
        chunks = []
        while len(chunks) < header.chunks:
            part = self.answer()
            if part.WhichOneof("part") == "settled":
                self.settled[part.settled.sequence] = part.settled.id
                continue
            require(part.WhichOneof("part") == "chunk", "not as many chunks as there should be")
            chunks.append(part.chunk)
        mail = Mail(d.sequence, header.id, header, d.sender, d.received_at_ms, raw=(d, chunks))
        try:
            mail.content = self.open(d, header, chunks)
        except Refused as fault:
            mail.fault = str(fault)
        return mail

    def open(self, d, header, chunks):
        me = self.account
        require(header.recipient == me.name and header.sender == d.sender, "for somebody else, or from somebody else")
        require(deposit.sha256(d.esk) == header.esk_sha256, "another ESK")
        ciphertext = b"".join(chunks)
        require(len(ciphertext) == d.ciphertext_octets, "another length of the ciphertext")
        time = mikey.time_of(header.ntp)
        key = me.proof_key(header.sender, header.id, time)
        require(d.sender_proof == deposit.proof(key, d.header, deposit.sha256(ciphertext)), "a wrong sender proof")
        if d.esk not in self.esks:
            plaintext = me.parameters.decrypt(me.keys[dated(me.name, time)], d.esk)
            self.esks[d.esk] = ibake.read_esk(plaintext, header.sender)
        sk, curve = self.esks[d.esk]
        require(header.curve == curve, "another curve")
        return deposit.unseal(sk, header, chunks)

    def acknowledge(self, mail, refused=False, **changes):
        fields = dict(
            sequence=mail.sequence,
            id=mail.id,
            refused=refused,
            mac=deposit.acknowledgement(self.key, mail.sequence, mail.id, refused),
        )
        self.say(acknowledgement=self.front.message("Acknowledgement", **{**fields, **changes}))

    def waiting(self, acknowledge=True):
        """All mail until the mailbox has caught up, acknowledged and settled."""
        mails, caught_up = [], False
        while not caught_up or acknowledge and len(self.settled) < len(mails):
            part = self.next()
            require(part is not None, "the stream ended")
            if isinstance(part, Mail):
                mails.append(part)
                if acknowledge:
                    self.acknowledge(part, refused=bool(part.fault))
            caught_up |= part == "caught_up"
        return mails

    def close(self):
        self.requests.put(None)
        self.call.cancel()
