"""One deposit's trace, as a collector from OpenTelemetry's own package gets it."""

import pathlib
import re
import subprocess
import time
from collections import Counter

from collector import Collector, identity
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from lab import Lab, checks, wait_for

ALL = []
check = checks(ALL)
PROTO = pathlib.Path(__file__).resolve().parents[2] / "Sources/Adapters/TraceExport/opentelemetry"
LOCAL = "127.0.0.1:0"
TYPES = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_FIXED64: "fixed64",
}
# Each span by whose it is, its kind, and whose child it is.
SPANS = {
    "send": ("poste-send", "CLIENT", None),
    "Mailbox/Exchange": ("poste-front", "SERVER", "send"),
    "Mailbox/Deposit": ("poste-front", "SERVER", "send"),
    "append to poste.envelopes": ("poste-front", "PRODUCER", "Mailbox/Deposit"),
    "fold envelope": ("poste-deliver", "CONSUMER", "Mailbox/Deposit"),
    "push": ("poste-deliver", "CLIENT", "Mailbox/Deposit"),
    "deliver into stream": ("poste-front", "SERVER", "Mailbox/Deposit"),
    "acknowledge": ("poste-front", "SERVER", "Mailbox/Deposit"),
    "fold tombstone": ("poste-deliver", "CONSUMER", "Mailbox/Deposit"),
}


class Roles(Lab):
    """A KMS, a front and a delivery worker, each a process, that send their spans to a collector."""

    def __init__(self, *arguments, traces):
        super().__init__(*arguments)
        self.traces, self.processes, self.addresses = traces, [], {}

    def start(self):
        try:
            self.role("kms", "--listen", LOCAL, "--level", self.level)
            self.role("front", "--listen", LOCAL, "--kms", self.addresses["kms"])
            self.role("deliver")
        except BaseException:
            for process in self.processes:
                process.kill()
            raise

    def role(self, role, *options):
        ready = self.folder / f"ready-{role}"
        command = [self.poste, role, "--cluster", self.cluster, "--home", self.folder / "home", "--ready-file", ready]
        command += [*options, *self.test_level, *self.traces]
        self.process = subprocess.Popen(list(map(str, command)), stdout=self.log, stderr=self.log)
        self.processes.append(self.process)
        self.addresses |= self.notice(ready)

    @property
    def places(self):
        roots, token = self.cluster / "ca.pem", self.cluster / "kms" / "enrolment.token"
        kms, front = self.addresses["kms"], self.addresses["front"]
        return "--kms", kms, "--front", front, "--roots", roots, "--token-file", token

    def stop(self):
        for process in self.processes:
            process.terminate()
        assert [process.wait(timeout=20) for process in self.processes] == [0, 0, 0], "not all end in good order"


def letter(lab, places=(), *traces):
    """Somebody leaves a letter, which its recipient fetches: the deposit's id, and their names."""
    (alice, home), (bob, other) = lab.swift_person("alice", *places), lab.swift_person("bob", *places)
    sent = lab.run("send", "--from", alice, "--to", bob, "--home", home, "--text", "hello", *traces)
    assert len(lab.run("receive", "--as", bob, "--home", other)) == 1
    time.sleep(0.5)  # until the tombstone is folded; less than from one export to the next
    return bytes.fromhex(sent[0]["id"]), (alice, bob)


@check("the .proto files say what OpenTelemetry's own say")
def files_agree(_):
    pool, messages = descriptor_pool.Default(), 0
    for file in PROTO.rglob("*.proto"):
        package, names = "", []
        for line in file.read_text().splitlines():
            if found := re.match(r"package ([\w.]+);", line):
                package = found[1]
            elif found := re.match(r" *message (\w+) {", line):
                names.append(found[1])
                descriptor, messages = pool.FindMessageTypeByName(".".join([package, *names])), messages + 1
            elif re.match(r" *(enum|oneof|service) ", line):
                names.append(None)
            elif found := re.match(r" *(repeated )?([\w.]+) (\w+) = (\d+);", line):
                field = descriptor.fields_by_name[found[3]]
                assert field.number == int(found[4]), f"{found[3]} is {field.number} there"
                made = field.message_type or field.enum_type
                theirs = made.name if made else TYPES[field.type]
                assert found[2].split(".")[-1] == theirs, f"{found[3]} is a {theirs} there"
            elif found := re.match(r" *([A-Z_]+) = (\d+);", line):
                enum = descriptor.enum_types_by_name.values()
                assert any(e.values_by_name[found[1]].number == int(found[2]) for e in enum if found[1] in e.values_by_name)
            elif line.strip() == "}" and names:
                names.pop()
                if names and names[-1]:
                    descriptor = pool.FindMessageTypeByName(".".join([package, *names]))
    assert messages == 12, f"{messages} messages were compared"


@check("one trace from the sender's handshake to the tombstone, each span below its parent")
def one_trace(lab):
    with Collector() as collector:
        with Roles(lab.poste, lab.folder / "roles", lab.level, lab.verbose, traces=["--otlp", collector.address]) as roles:
            trace, people = letter(roles, roles.places, "--otlp", collector.address)
        spans = collector.spans(trace)
        counts = Counter(found.name for found in spans)
        assert counts == Counter(dict.fromkeys(SPANS, 1)) | Counter({"Mailbox/Exchange": 2}), counts
        identifiers = {found.name: found.span.span_id for found in spans}
        assert len({found.span.span_id for found in spans}) == len(spans) == 10
        for found in spans:
            service, kind, parent = SPANS[found.name]
            assert found.service == service and found.scope == "poste", f"{found.name} is of {found.service}"
            assert found.span.SpanKind.Name(found.span.kind) == f"SPAN_KIND_{kind}", found.name
            assert found.span.parent_span_id == (identifiers[parent] if parent else b""), f"{found.name} has another parent"
            assert len(found.span.span_id) == 8 and "/" in found.resource["service.instance.id"]
            assert 0 <= found.span.end_time_unix_nano - found.span.start_time_unix_nano < 60e9, found.name
            assert abs(found.span.end_time_unix_nano / 1e9 - time.time()) < 120, found.name
            if found.name not in ("Mailbox/Exchange", "append to poste.envelopes"):
                assert found.attributes["poste.deposit.id"] == trace.hex(), found.name
        for request in collector.requests:
            octets = request.SerializeToString()
            assert not any(name.encode() in octets for name in people), "an identity is in a trace"


@check("a collector over TLS, known by --otlp-roots; another is not believed")
def over_tls(lab):
    (credentials, roots), (_, others) = identity(), identity()
    for name, pem in [("roots", roots), ("others", others)]:
        (lab.folder / f"{name}.pem").write_bytes(pem)
    with Collector(credentials=credentials) as collector:
        for name, count in [("others", 0), ("roots", 9)]:
            options = ["--otlp", collector.address, "--otlp-roots", str(lab.folder / f"{name}.pem")]
            with Lab(lab.poste, lab.folder / name, lab.level, lab.verbose, options) as dev:
                trace, _ = letter(dev)
            assert len(collector.spans(trace)) == count, [found.name for found in collector.spans(trace)]
        assert "its TLS certificate is not trusted" in (lab.folder / "others" / "log").read_text()


@check("a collector that is not there stops no mail, is told of once, and gets the spans when it comes")
def late_collector(lab):
    with Collector() as gone:
        port = gone.port
    with Lab(lab.poste, lab.folder / "late", lab.level, lab.verbose, ["--otlp", f"127.0.0.1:{port}"]) as dev:
        start = time.monotonic()
        traces = [letter(dev)[0] for _ in range(2)]
        assert time.monotonic() - start < 30, "mail waits for the collector"
        time.sleep(5)
        log = (dev.folder / "log").read_text()
        assert log.count("traces do not reach the collector") == 1 and "connection refused" in log, log
        with Collector(port) as collector:
            wait_for(lambda: all(len(collector.spans(trace)) == 9 for trace in traces), 30)
            wait_for(lambda: "traces reach the collector again" in (dev.folder / "log").read_text())
    log = (dev.folder / "log").read_text()
    assert log.count("traces do not reach the collector") == 1 and "spans_missing=0" in log, log
