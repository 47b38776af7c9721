import CGRPC

extension RPCStatus {
    /// Hands the status to `body` as gRPC wants it, valid until it returns.
    func withCore<Result>(
        _ body: (grpc_status_code, UnsafeMutablePointer<grpc_slice>?, UnsafeMutablePointer<grpc_metadata>?, Int) ->
            Result
    ) -> Result {
        var metadata = RPCMetadata()
        if let retryAfterMs { metadata = [Self.retryAfterName: String(retryAfterMs)] }
        var details = grpc_slice.copying(Array(message.utf8.prefix(Self.longestMessage)))
        defer { grpc_slice_unref(details) }
        return metadata.withCore { body(grpc_status_code(rawValue: Int32(code.rawValue)), &details, $0, $1) }
    }
}
