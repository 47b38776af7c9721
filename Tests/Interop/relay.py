"""Somebody between `poste` and the front, who may change what passes."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Lost(Exception):
    """Raised by a hook: the call fails with UNAVAILABLE."""


def certificate():
    """A key and a certificate of its own for 127.0.0.1, in PEM: the relay is one whom the client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    today = datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(True, None), True).add_extension(address, False)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret, made.sign(key, hashes.SHA256()).public_bytes(pem)


class Relay(grpc.GenericRpcHandler):
    """Passes calls of `Mailbox` on. `request` and `response` get the method's name and a message, and return a list of
    messages to pass instead."""

    def __init__(self, front):
        self.front = front
        self.request = self.response = lambda method, message: [message]
        secret, self.roots = certificate()
        self.server = grpc.server(ThreadPoolExecutor(16), handlers=[self])
        self.port = self.server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(secret, self.roots)]))
        self.server.start()

    def close(self):
        self.server.stop(0).wait()

    def service(self, details):
        method = details.method.rpartition("/")[2]
        if not details.method.startswith("/posterestante.v1.Mailbox/"):
            return None
        descriptor = self.front.services["Mailbox"].methods_by_name[method]
        request = self.front.message(descriptor.input_type.name).FromString
        response = self.front.message(descriptor.output_type.name).__class__.SerializeToString

        def stream(messages, context):
            def passed():
                for message in messages:
                    yield from self.request(method, message)

            try:
                call = self.front.call("Mailbox", method, passed(), timeout=60)
                context.add_callback(call.cancel) if descriptor.server_streaming else None
                for answer in call if descriptor.server_streaming else [call]:
                    yield from self.response(method, answer)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            except Lost:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the answer is lost")

        def unary(message, context):
            try:
                (message,) = self.request(method, message)
                return self.response(method, self.front.call("Mailbox", method, message))[0]
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            except Lost:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the answer is lost")

        if descriptor.server_streaming:
            return grpc.stream_stream_rpc_method_handler(stream, request, response)
        if descriptor.client_streaming:
            return grpc.stream_unary_rpc_method_handler(lambda m, c: next(stream(m, c)), request, response)
        return grpc.unary_unary_rpc_method_handler(unary, request, response)
