import RPC

/// Tells `grpcurl` and its like what a server serves: `grpc.reflection.v1` and `v1alpha`.
public enum Reflection {
    /// The two services for a server that serves also the services of these names.
    public static func services(describing names: [String]) -> [RPCService] {
        let methods = [Methods.reflect, Methods.reflectAlpha]
        let all = (names + methods.map(\.service)).sorted()
        return methods.map { method in
            RPCService(
                name: method.service,
                methods: [
                    method.answered { requests, responses, _ in
                        for try await request in requests { try await responses.send(answer(request, all)) }
                    }
                ])
        }
    }

    static func answer(_ request: ServerReflectionRequest, _ services: [String]) -> ServerReflectionResponse {
        let pool = DescriptorPool.standard
        let answer: ServerReflectionResponse.Answer
        switch request.question {
        case .listServices:
            answer = .services(ListServiceResponse(services: services.map { ServiceResponse(serviceName: $0) }))
        case .fileByName(let name):
            answer = file(pool.files[name], or: "no file \(name)")
        case .fileContainingSymbol(let symbol):
            answer = file(pool.file(defining: symbol), or: "no symbol \(symbol)")
        case .fileContainingExtension(let wanted):
            answer = file(nil, or: "no extension \(wanted.number) of \(wanted.containingType): proto3 has none")
        case .extensionNumbers(let type):
            answer =
                pool.hasMessage(type)
                ? .extensionNumbers(ExtensionNumberResponse(baseTypeName: type))
                : file(nil, or: "no type \(type)")
        case nil:
            let message = "the request asks for nothing that this server knows"
            answer = .error(ErrorResponse(code: Int32(RPCCode.invalidArgument.rawValue), message: message))
        }
        return ServerReflectionResponse(validHost: request.host, originalRequest: request, answer: answer)
    }

    /// No file imports another, so one is all.
    private static func file(_ octets: [UInt8]?, or reason: String) -> ServerReflectionResponse.Answer {
        guard let octets else {
            return .error(ErrorResponse(code: Int32(RPCCode.notFound.rawValue), message: reason))
        }
        return .files(FileDescriptorResponse(files: [octets]))
    }
}
