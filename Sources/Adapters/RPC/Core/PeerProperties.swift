import CGRPC

extension CoreCall {
    /// What gRPC knows of the peer's certificate under a name. Of a certificate that it did not verify it reports the
    /// same: `onlyAuthenticated` leaves that out.
    func peerProperties(_ name: String, onlyAuthenticated: Bool) -> [[UInt8]] {
        guard let context = grpc_call_auth_context(pointer) else { return [] }
        defer { grpc_auth_context_release(context) }
        guard !onlyAuthenticated || grpc_auth_context_peer_is_authenticated(context) != 0 else { return [] }
        // The iterator keeps the address of the name, so that has to outlive it.
        return name.withCString { property in
            var values: [[UInt8]] = []
            var iterator = grpc_auth_context_find_properties_by_name(context, property)
            while let found = grpc_auth_property_iterator_next(&iterator)?.pointee {
                guard let value = found.value else { continue }
                // The value stays gRPC's and valid until the context is released.
                values.append(Array(UnsafeRawBufferPointer(start: value, count: found.value_length)))
            }
            return values
        }
    }

    /// The peer's own certificate in PEM, verified or not.
    var peerCertificatePEM: String? {
        peerProperties("x509_pem_cert", onlyAuthenticated: false).first.map { String(decoding: $0, as: UTF8.self) }
    }
}
