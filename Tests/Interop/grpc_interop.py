#!/usr/bin/env python3
"""Calls everything that a server offers, with no other knowledge than its reflection service.

For each service: finds its methods and messages by reflection (both versions), calls every method with an empty message
(or an empty stream), and reports the status. Fails when a method is UNIMPLEMENTED, when reflection and reality differ, or
when the health service does not say SERVING.

    grpc_interop.py --target localhost:7443 --roots ca.pem [--cert client.pem --key client.key] [--expect SERVICE ...]

Needs the Python packages grpcio, grpcio-reflection and protobuf.
"""
import argparse
import sys

try:
    import grpc
    from google.protobuf import descriptor_pool, message_factory
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
except ImportError as error:
    print(f"SKIPPED: {error}. Get it with: pip install grpcio grpcio-reflection protobuf")
    sys.exit(77)


def call(channel, service, method, timeout):
    """Calls a method with nothing and returns the status code; streams are read to their end."""
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)
    kinds = {
        (False, False): channel.unary_unary,
        (True, False): channel.stream_unary,
        (False, True): channel.unary_stream,
        (True, True): channel.stream_stream,
    }
    stub = kinds[method.client_streaming, method.server_streaming](
        f"/{service}/{method.name}", request.SerializeToString, response.FromString
    )
    argument = iter([]) if method.client_streaming else request()
    try:
        answer = stub(argument, timeout=timeout)
        if method.server_streaming:
            for _ in answer:
                pass
        return grpc.StatusCode.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


def check_errors_of_reflection(channel):
    """What is not there must be answered with an error response, not with a failed call."""
    request = reflection_pb2.ServerReflectionRequest
    questions = [
        request(file_by_filename="no/such/file.proto"),
        request(file_containing_symbol="no.such.Symbol"),
        request(
            file_containing_extension=reflection_pb2.ExtensionRequest(
                containing_type="grpc.health.v1.HealthCheckRequest", extension_number=1000
            )
        ),
        request(all_extension_numbers_of_type="no.such.Type"),
    ]
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    answers = list(stub.ServerReflectionInfo(iter(questions), timeout=10))
    assert len(answers) == len(questions), answers
    for question, answer in zip(questions, answers):
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0], answer
        assert answer.original_request == question, answer


def check_current_version(channel, services):
    """The same list through grpc.reflection.v1, called by hand: not every grpcio-reflection has it."""
    stub = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    answer = next(iter(stub(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=10)))
    assert sorted(s.name for s in answer.list_services_response.service) == sorted(services), answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--roots", help="PEM of the roots to trust; without it the connection is plaintext")
    parser.add_argument("--cert", help="PEM of a client certificate")
    parser.add_argument("--key", help="PEM of its key")
    parser.add_argument("--expect", action="append", default=[], help="a service that must be listed")
    parser.add_argument("--timeout", type=float, default=2)
    options = parser.parse_args()

    def read(path):
        return open(path, "rb").read() if path else None

    if options.roots:
        credentials = grpc.ssl_channel_credentials(read(options.roots), read(options.key), read(options.cert))
        channel = grpc.secure_channel(options.target, credentials)
    else:
        channel = grpc.insecure_channel(options.target)
    grpc.channel_ready_future(channel).result(timeout=10)

    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    services = sorted(database.get_services())
    missing = set(options.expect) - set(services)
    assert not missing, f"not listed: {missing}"
    failures = []
    for name in services:
        descriptor = pool.FindServiceByName(name)
        for method in descriptor.methods:
            code, details = call(channel, name, method, options.timeout)
            print(f"{name}/{method.name}: {code.name}{' ' + details if details else ''}")
            # A watch goes on until the client has had enough.
            if code in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL):
                failures.append(f"{name}/{method.name}: {code.name}")
    check_errors_of_reflection(channel)
    check_current_version(channel, services)
    health = pool.FindServiceByName("grpc.health.v1.Health").methods_by_name["Check"]
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        message_factory.GetMessageClass(health.input_type).SerializeToString,
        message_factory.GetMessageClass(health.output_type).FromString,
    )
    status = check(message_factory.GetMessageClass(health.input_type)(), timeout=5).status
    assert status == 1, f"health is {status}, not SERVING"
    assert not failures, failures
    print(f"OK: {len(services)} services")


if __name__ == "__main__":
    main()
