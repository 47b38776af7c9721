"""A collector of traces from OpenTelemetry's own package, which keeps what it is sent."""

import ipaddress
from concurrent import futures
from datetime import timedelta

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from client import now


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, port=0, credentials=None):
        self.requests = []
        # Without it two servers could share a port, and a test would not see that one has gone.
        self.server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        address = f"127.0.0.1:{port}"
        bind = self.server.add_insecure_port if credentials is None else self.server.add_secure_port
        self.port = bind(address, *([credentials] if credentials else []))
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(0).wait()

    def Export(self, request, context):
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()

    def spans(self, trace=None):
        """Each span with the service, the instance and the scope that it is of; those of one trace, or all."""
        return [
            Found(span, {a.key: a.value.string_value for a in resource.resource.attributes}, scope.scope.name)
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if trace in (None, span.trace_id)
        ]


class Found:
    def __init__(self, span, resource, scope):
        self.span, self.resource, self.scope = span, resource, scope
        self.name, self.service = span.name, resource["service.name"]
        self.attributes = {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


def identity():
    """A key and a certificate of its own for 127.0.0.1: what grpc takes, and the roots by which it is known."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "collector")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1))
        .not_valid_after(now() + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return grpc.ssl_server_credentials([(secret, pem)]), pem
