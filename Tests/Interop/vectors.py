"""The modules against Tests/Vectors: every value is made again, and what was made is read back."""

import json
import pathlib
from datetime import datetime

import deposit
import ibake
import ibe
import mikey
from ibake import P256
from pairing import Type1Curve, hash_bytes, hash_to_range

FOLDER = pathlib.Path(__file__).parent.parent / "Vectors"
octets = bytes.fromhex


def number(text):
    return int(text, 16)


def pair(values):
    return number(values[0]), number(values[1])


def equal(made, expected, what):
    assert made == expected, f"{what}: made {made!r}, expected {expected!r}"


def load(name):
    return json.loads((FOLDER / name).read_text())


def check_section_7():
    """The RFC's own vectors, as far as they hold."""
    for v in load("rfc5091.json")["section7"]:
        curve = Type1Curve(number(v["p"]), number(v["q"])) if "q" in v else None
        if v["algorithm"] == "PointMultiply":
            made = curve.multiply(number(v["l"]), pair(v["A"]))
        elif v["algorithm"] == "HashToRange":
            made = hash_to_range(octets(v["s"]), number(v["n"]), v["hash"])
        elif v["algorithm"] == "HashBytes":
            made = ibe.xor(hash_bytes(v["b"], octets(v["p"]), v["hash"]), octets(v["m"]))
        elif v["algorithm"] == "Pairing":
            made = curve.pairing(pair(v["A"]), pair(v["B"]))
        elif v["algorithm"] == "BFderivePubl":
            made = curve.hash_to_point(octets(v["id"]), v["hash"])
        elif v["algorithm"] == "BFextractPriv":
            made = curve.multiply(number(v["s"]), curve.hash_to_point(octets(v["id"]), v["hash"]))
        else:
            parameters = ibe.Parameters(curve, pair(v["P"]), pair(v["P_pub"]), v["hash"])
            made = parameters.encrypt(octets(v["id"]), octets(v["m"]), octets(v["rho"]))
            expected = ibe.ciphertext_block(pair(v["U"]), octets(v["V"]), octets(v["W"]))
            equal(made, expected, v["section"])
            continue
        result = v["result"]
        if isinstance(made, bytes):
            equal(made, octets(result), v["section"])
        else:
            equal(made, pair(result) if isinstance(result, list) else number(result), v["section"])


def check_rfc5091():
    for level in load("rfc5091.json")["levels"]:
        parameters = ibe.Parameters.parse(octets(level["BFPublicParameters"]))
        curve, name = parameters.curve, parameters.hash_name
        equal(parameters.encode(), octets(level["BFPublicParameters"]), "BFPublicParameters")
        for v in level["HashToRange"]:
            equal(hash_to_range(octets(v["s"]), number(v["n"]), name), number(v["result"]), "HashToRange")
        for v in level["HashBytes"]:
            equal(hash_bytes(v["b"], octets(v["p"]), name), octets(v["result"]), "HashBytes")
        for v in level["Canonical"]:
            equal(curve.canonical(pair(v["v"]), int(v["o"])), octets(v["result"]), "Canonical")
        for v in level["HashToPoint"]:
            equal(parameters.public_key(octets(v["id"])), pair(v["result"]), "HashToPoint")
        for v in level["Pairing"]:
            equal(curve.pairing(pair(v["A"]), pair(v["B"])), pair(v["result"]), "Pairing")
        for v in level["BFencrypt"]:
            made = parameters.encrypt(octets(v["id"]), octets(v["m"]), octets(v["rho"]))
            equal(made, octets(v["BFCiphertextBlock"]), "BFencrypt")
        for v in level["BFdecrypt"]:
            key = parameters.private_key(octets(v["BFPrivateKeyBlock"]), octets(v["id"]))
            equal(key, pair(v["S_id"]), "S_id")
            try:
                equal(parameters.decrypt(key, octets(v["BFCiphertextBlock"])), octets(v["m"]), "BFdecrypt")
            except ibe.Refused:
                assert "refused" in v, "a good ciphertext refused"
        for v in level["SenderProofKey"]:
            value = curve.pairing(pair(v["S_A"]), parameters.public_key(v["recipient"].encode()))
            equal(curve.canonical(value), octets(v["canonical"]), "proof canonical")
            equal(deposit.proof_key(octets(v["canonical"]), octets(v["deposit_id"])), octets(v["key"]), "proof key")


def check_deferred(name):
    vector = load(name)
    parameters = ibe.Parameters.parse(octets(vector["BFPublicParameters"]))
    keys = {n.encode(): parameters.private_key(octets(k), n.encode()) for n, k in vector["private_keys"].items()}
    for part in ("exchange", "fetch", "receipt_fetch"):
        check_exchange(vector[part], parameters, keys)
    exchange, fetch, told = vector["exchange"], vector["fetch"], vector["receipt_fetch"]
    esk = octets(vector["esk"])
    key = deposit.deposit_key(octets(exchange["TGK"]), octets(exchange["csb_id"]))
    equal(key, octets(vector["deposit_key"]), "deposit key")
    sk = octets(exchange["secrets"]["a"]["point"])
    i_message_2 = octets(exchange["messages"][2]["octets"])
    day = datetime.fromisoformat(exchange["messages"][2]["clock"].replace("Z", "+00:00"))
    headers = {}
    for v in vector["deposits"]:
        header = deposit.Header(
            v["sender"].encode(),
            v["recipient"].encode(),
            octets(v["T"]),
            octets(v["esk_sha256"]),
            v["length"],
            octets(v["id"]),
            v["curve"],
            v["media_type"].encode(),
            v["chunk_size"],
            v["created"],
            v["lifetime"],
            v["number"],
            v["flags"],
        )
        h = header.encode()
        equal(h, octets(v["header"]), "H")
        equal(deposit.Header.parse(h), header, "H read back")
        equal(deposit.sha256(esk), header.esk_sha256, "hash of the ESK")
        equal(deposit.tag(key, i_message_2, h), octets(v["tag"]), "tag")
        equal(
            deposit.content_keys(sk, header)[:2], (octets(v["content_key"]), octets(v["nonce_prefix"])), "content key"
        )
        chunks = deposit.seal(sk, header, octets(v["content"]))
        equal([c.hex() for c in chunks], v["chunks"], "chunks")
        equal(deposit.unseal(sk, header, chunks), octets(v["content"]), "content")
        digest = deposit.sha256(b"".join(chunks))
        equal(digest, octets(v["ciphertext_sha256"]), "hash of the ciphertext")
        value = parameters.curve.pairing(
            keys[ibe.dated(header.sender, day)], parameters.public_key(ibe.dated(header.recipient, day))
        )
        canonical = parameters.curve.canonical(value)
        equal(canonical, octets(v["proof_canonical"]), "proof canonical")
        proof = deposit.proof(deposit.proof_key(canonical, header.id), h, digest)
        equal(proof, octets(v["proof"]), "proof")
        equal(
            deposit.receipt(key, header.id, v["receipt"]["received"], digest, proof),
            octets(v["receipt"]["mac"]),
            "receipt",
        )
        headers[header.id] = h, proof
    key = deposit.delivery_key(octets(fetch["TGK"]), octets(fetch["csb_id"]))
    equal(key, octets(vector["delivery_key"]), "delivery key")
    for v in vector["deliveries"]:
        h, proof = headers[octets(v["id"])]
        made = deposit.delivery(key, v["sequence"], h, esk, v["sender"].encode(), v["received"], proof)
        equal(made, octets(v["mac"]), "delivery MAC")
        check_answers(key, v)
    key = deposit.delivery_key(octets(told["TGK"]), octets(told["csb_id"]))
    equal(key, octets(vector["receipt_key"]), "receipt key")
    for v in vector["delivery_receipts"]:
        h = octets(v["header"])
        equal(
            deposit.parse_receipt(h), (octets(v["id"]), v["recipient"].encode(), v["acknowledged"]), "delivery receipt"
        )
        equal(
            deposit.delivery(key, v["sequence"], h, b"", v["sender"].encode(), v["received"], b""),
            octets(v["mac"]),
            "its MAC",
        )
        check_answers(key, v)


def check_answers(key, v):
    for word in {"ack", "refused"} & set(v):
        equal(deposit.acknowledgement(key, v["sequence"], octets(v["id"]), word == "refused"), octets(v[word]), word)


def check_exchange(v, parameters, keys):
    initiator, called, responder = (v[k].encode() for k in ("initiator", "called", "responder"))
    secrets, texts = v["secrets"], {}
    for part in secrets.values():
        equal(P256.public(number(part["scalar"])), octets(part["point"]), "point")
    for message in v["messages"]:
        for e in message["encrypted"]:
            texts[e["identity"].encode(), octets(e["plaintext"])] = octets(e["rho"])

    def encrypt(name, time, plaintext):
        rho = texts.pop((ibe.dated(name, time), plaintext))
        return parameters.encrypt(ibe.dated(name, time), plaintext, rho)

    def scalar(name):
        return number(secrets[name]["scalar"]) if name in secrets else None

    csb_id, rand = octets(v["csb_id"]), octets(v["rand"])
    me = ibake.Initiator(
        initiator,
        called,
        encrypt,
        ibake.ibe_with(parameters, keys)[1],
        csb_id,
        rand,
        scalar("x"),
        scalar("x2"),
        scalar("a"),
    )
    times = [datetime.fromisoformat(m["clock"].replace("Z", "+00:00")) for m in v["messages"]]
    wire = [octets(m["octets"]) for m in v["messages"]]
    for time, message in zip(times, v["messages"]):
        equal(mikey.ntp(time), octets(message["T"]), "T")
        equal(mikey.time_of(octets(message["T"])), time, "T read back")
    equal(me.message1(times[0]), wire[0], "I_MESSAGE_1")
    # as the responder
    deferred = called != responder
    x, y = octets(secrets["x"]["point"]), octets(secrets["y"]["point"])
    body = encrypt(initiator, times[0], ibake.inner(initiator, None if deferred else x, responder, y))
    equal(
        ibake.r_message(mikey.R_MESSAGE_1, csb_id, mikey.ntp(times[0]), initiator, responder, body).encode(),
        wire[1],
        "R_MESSAGE_1",
    )
    equal(me.message2(wire[1], times[2]), wire[2], "I_MESSAGE_2")
    me.finish(wire[3])
    equal(
        [k.hex() for k in (me.k_session, me.mpk, me.tgk, me.auth_key)],
        [v[k] for k in ("K_SESSION", "MPK", "TGK", "auth_key")],
        "keys",
    )
    body = encrypt(initiator, times[2], ibake.inner(initiator, octets(secrets["x2"]["point"]))) if deferred else None
    answer = ibake.r_message(mikey.R_MESSAGE_2, csb_id, mikey.ntp(times[2]), initiator, responder, body)
    equal(answer.signed(me.auth_key, initiator + responder), wire[3], "R_MESSAGE_2")
    equal(wire[3][:-32] + initiator + responder, octets(v["V_covers"]), "what V covers")
    # what is encrypted to others
    for message, octets_ in zip(v["messages"], wire):
        for e in message["encrypted"]:
            kind = getattr(mikey, e["payload"])
            inside = mikey.Message.parse(octets_).encr_data(kind)
            equal(inside, octets(e["encr_data"]), "Encr data")
            equal(parameters.decrypt(keys[e["identity"].encode()], inside), octets(e["plaintext"]), "decrypted")
            if kind == mikey.ESK:
                equal(ibake.read_esk(octets(e["plaintext"]), initiator), (octets(secrets["a"]["point"]), 8), "SK")
    assert not texts, "not everything was encrypted"


def check_kms():
    v = load("kms-psk-1024.json")
    parameters = ibe.Parameters.parse(octets(v["BFPublicParameters"]))
    request = mikey.KeyRequest(
        v["psk_name"].encode(),
        octets(v["psk"]),
        v["kms"].encode(),
        [n.encode() for n in v["requested"]],
        octets(v["T"]),
        octets(v["csb_id"]),
        octets(v["rand"]),
    )
    for name, constant, bits in (
        ("encr_key", mikey.ENCRYPTION, 256),
        ("auth_key", mikey.AUTHENTICATION, 256),
        ("salt_key", mikey.SALT, 112),
    ):
        equal(request.key(constant, bits), octets(v[name]), name)
    equal(request.encode(), octets(v["request"]["octets"]), "REQUEST_KEY_INIT_PSK")
    equal(request.cipher(octets(v["response"]["encr_data"])), octets(v["response"]["plaintext"]), "KEMAC")
    keys = request.open(octets(v["response"]["octets"]))
    equal({n.decode(): k.hex() for n, k in keys.items()}, v["private_keys"], "private keys")
    for name, key in keys.items():
        equal(ibe.private_key_block(parameters.private_key(key, name)), key, "BFPrivateKeyBlock")


ALL = [
    ("RFC 5091 section 7", check_section_7),
    ("RFC 5091 at 1024 and 3072", check_rfc5091),
    ("deferred-1024.json, both ways", lambda: check_deferred("deferred-1024.json")),
    ("deferred-3072.json, both ways", lambda: check_deferred("deferred-3072.json")),
    ("kms-psk-1024.json, both ways", check_kms),
]
