import Foundation
import KafkaLog

/// An authority, a broker's certificate from it, another authority, and a user, in a folder of their own.
final class KafkaSecurity: Sendable {
    static let user = "poste"
    static let password = "cannot=be;guessed"

    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "poste-kafka-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try shell(
            """
            key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            for name in ours another; do
                openssl req -x509 $key -keyout $name.key -out $name.pem -days 2 -subj "/CN=$name"
            done
            openssl req $key -keyout broker.key -out broker.csr -subj /CN=broker
            echo subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:127.0.0.1 >names
            openssl x509 -req -in broker.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 -extfile names -out broker.crt
            cat broker.key broker.crt >broker.pem
            """)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func shell(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestKafka.BrokerFailure(arguments: ["openssl"]) }
    }

    /// A broker's settings for a listener that speaks TLS and wants a password.
    var brokerSettings: [String] {
        let plain = "PLAINTEXT://127.0.0.1:{port}"
        let secured = "SASL_SSL://127.0.0.1:{spare}"
        return [
            "listeners=\(plain),CONTROLLER://127.0.0.1:{controller},\(secured)",
            "advertised.listeners=\(plain),\(secured)", "ssl.keystore.type=PEM",
            "ssl.keystore.location=\(folder)/broker.pem", "sasl.enabled.mechanisms=PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
                + "user_\(Self.user)=\"\(Self.password)\";",
        ]
    }

    /// A client's options, as an operator writes them.
    func options(authority: String = "ours", password: String = KafkaSecurity.password) -> [String] {
        [
            "security.protocol=SASL_SSL", "sasl.mechanisms=PLAIN", "sasl.username=\(Self.user)",
            "sasl.password=\(password)", "ssl.ca.location=\(folder)/\(authority).pem",
        ]
    }
}
