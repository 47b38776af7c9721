// swift-tools-version: 6.0

import PackageDescription

// Every target is a folder under its storey. Dependencies point down this list, never up.
let package = Package(
    name: "PosteRestante",
    products: [
        .executable(name: "poste", targets: ["poste"]),
        .library(name: "MailboxClient", targets: ["MailboxClient"]),
    ],
    targets: [
        // The command line
        .executableTarget(
            name: "poste",
            dependencies: [
                "MailboxClient", "KeyManagement", "FrontWorker", "DeliveryWorker", "KafkaLog", "RedisStore", "EmbeddedStore",
                "ClusterKeyFile", "KeyManagementClient", "MeasuredStores", "ClusterStatus", "AdminServer", "TraceExport", "SQLite",
                "StateFolder", "WorkPool", "Observability", "LocalCluster", "LoadGenerator",
            ]),

        // Clients
        // What drives a cluster hard, and checks that nothing is lost
        .target(
            name: "LoadGenerator",
            dependencies: ["MailboxClient", "WorkPool", "StateFolder", "Mailbox", "IdentityBasedEncryption", "Primitives"],
            path: "Sources/Clients/LoadGenerator"),
        // What an application links to
        .target(
            name: "MailboxClient",
            dependencies: ["MailboxAPI", "RPC", "StateFolder", "WorkPool", "Mailbox", "IBAKE"],
            path: "Sources/Clients/MailboxClient"),
        // A cluster of real processes on loopback, for demos, tests and benchmarks
        .target(name: "LocalCluster", path: "Sources/Clients/LocalCluster"),

        // Services
        .target(
            name: "KeyManagement",
            dependencies: [
                "MailboxAPI", "RPC", "Observability", "SQLite", "StateFolder", "WorkPool", "IBAKE", "MIKEY",
                "IdentityBasedEncryption", "Primitives",
            ],
            path: "Sources/Services/KeyManagement"),
        .target(
            name: "FrontWorker",
            dependencies: [
                "KeyManagementClient", "MailboxAPI", "RPC", "Observability", "WorkPool", "Mailbox", "IBAKE",
            ],
            path: "Sources/Services/FrontWorker"),
        .target(
            name: "DeliveryWorker", dependencies: ["MailboxAPI", "RPC", "Observability", "Mailbox"],
            path: "Sources/Services/DeliveryWorker"),

        // Adapters
        .target(name: "KafkaLog", dependencies: ["WorkPool", "Mailbox", "CRdKafka"], path: "Sources/Adapters/KafkaLog"),
        .target(name: "RedisStore", dependencies: ["Mailbox", "CHiredis"], path: "Sources/Adapters/RedisStore"),
        .target(
            name: "EmbeddedStore", dependencies: ["SQLite", "Mailbox"], path: "Sources/Adapters/EmbeddedStore"),
        .target(
            name: "ClusterKeyFile", dependencies: ["Mailbox", "StateFolder"], path: "Sources/Adapters/ClusterKeyFile"),
        .target(
            name: "TraceExport", dependencies: ["MailboxAPI", "RPC", "Observability"], path: "Sources/Adapters/TraceExport",
            exclude: ["opentelemetry"]),
        .target(
            name: "KeyManagementClient", dependencies: ["MailboxAPI", "RPC", "IBAKE"],
            path: "Sources/Adapters/KeyManagementClient"),
        .target(
            name: "MailboxAPI", dependencies: ["RPC", "Primitives"], path: "Sources/Adapters/MailboxAPI",
            exclude: ["poste.proto", "grpc", "regenerate.sh"]),
        .target(
            name: "RPC", dependencies: ["Observability", "CGRPC", "COpenSSL", "Primitives"], path: "Sources/Adapters/RPC"),
        .target(
            name: "ClusterStatus", dependencies: ["AdminServer", "Observability", "Mailbox", "Primitives"],
            path: "Sources/Adapters/ClusterStatus"),
        .target(
            name: "MeasuredStores", dependencies: ["Observability", "Mailbox"], path: "Sources/Adapters/MeasuredStores"),
        .target(
            name: "AdminServer", dependencies: ["Observability", "CMicrohttpd"], path: "Sources/Adapters/AdminServer"),
        .target(name: "WorkPool", dependencies: ["Observability"], path: "Sources/Adapters/WorkPool"),
        .target(name: "Observability", path: "Sources/Adapters/Observability"),
        .target(name: "SQLite", dependencies: ["CSQLite"], path: "Sources/Adapters/SQLite"),
        .target(name: "StateFolder", dependencies: ["Primitives"], path: "Sources/Adapters/StateFolder"),

        // The domain
        .target(name: "Mailbox", dependencies: ["IBAKE"]),

        // Protocol
        .target(name: "IBAKE", dependencies: ["MIKEY"], path: "Sources/Protocol/IBAKE"),
        .target(
            name: "MIKEY", dependencies: ["IdentityBasedEncryption", "Primitives"], path: "Sources/Protocol/MIKEY"),

        // Cryptography
        .target(
            name: "IdentityBasedEncryption", dependencies: ["SupersingularPairing", "Primitives"],
            path: "Sources/Cryptography/IdentityBasedEncryption"),
        .target(
            name: "SupersingularPairing", dependencies: ["CFieldArithmetic", "Primitives"],
            path: "Sources/Cryptography/SupersingularPairing"),
        .target(
            name: "CFieldArithmetic", path: "Sources/Cryptography/CFieldArithmetic",
            linkerSettings: [.linkedLibrary("gmp")]),
        .target(name: "Primitives", dependencies: ["COpenSSL"], path: "Sources/Cryptography/Primitives"),

        // Libraries of the system
        .systemLibrary(name: "CGMP", path: "Sources/System/CGMP", providers: [.apt(["libgmp-dev"])]),
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CGRPC", path: "Sources/System/CGRPC", providers: [.apt(["libgrpc-dev"])]),
        .systemLibrary(name: "CSQLite", path: "Sources/System/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CMicrohttpd", path: "Sources/System/CMicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CRdKafka", path: "Sources/System/CRdKafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CHiredis", path: "Sources/System/CHiredis", providers: [.apt(["libhiredis-dev"])]),

        // What tests share: the files of Tests/Vectors, scripted and seeded randomness, mutations for fuzzing
        .target(name: "TestVectors", dependencies: ["Primitives"], path: "Tests/Support/TestVectors"),
        // Messages beside the text in which protoc writes them
        .target(name: "ProtobufSamples", dependencies: ["MailboxAPI"], path: "Tests/Support/ProtobufSamples"),
        .target(
            name: "CurveVectors", dependencies: ["SupersingularPairing", "Primitives", "TestVectors"],
            path: "Tests/Support/CurveVectors"),
        // A process for tests to kill.
        .executableTarget(
            name: "StoreVictim", dependencies: ["EmbeddedStore", "StoreBehaviour", "CSQLite"], path: "Tests/Support/StoreVictim"),
        .target(name: "StoreBehaviour", dependencies: ["Mailbox"], path: "Tests/Support/StoreBehaviour"),
        // Log, view and sessions for a test, in a file or on servers
        .target(
            name: "TestStore", dependencies: ["EmbeddedStore", "KafkaLog", "RedisStore", "Mailbox", "Primitives"],
            path: "Tests/Support/TestStore"),
        // A whole mailbox in one process, and people who call it message by message
        .target(
            name: "TestCluster",
            dependencies: [
                "FrontWorker", "DeliveryWorker", "KeyManagementClient", "MailboxAPI", "RPC", "Observability", "TestStore",
                "Mailbox", "IBAKE", "MIKEY", "IdentityBasedEncryption", "Primitives", "TestVectors",
            ],
            path: "Tests/Support/TestCluster"),
        // Processes for tests to kill and to freeze
        .executableTarget(
            name: "KafkaVictim", dependencies: ["KafkaLog", "CRdKafka"], path: "Tests/Support/KafkaVictim"),
        .executableTarget(name: "RPCPeer", dependencies: ["RPC"], path: "Tests/Support/RPCPeer"),
        // A cluster under load while everything in it breaks
        .target(
            name: "ChaosRun",
            dependencies: [
                "KafkaLog", "LocalCluster", "MailboxClient", "WorkPool", "IdentityBasedEncryption", "Mailbox", "Primitives",
                "TestVectors", "CHiredis",
            ],
            path: "Tests/Chaos", exclude: ["Command"]),
        .executableTarget(name: "Chaos", dependencies: ["ChaosRun", "LocalCluster", "poste"], path: "Tests/Chaos/Command"),

        // Benchmarks
        .executableTarget(
            name: "PairingBenchmark",
            dependencies: ["IdentityBasedEncryption", "SupersingularPairing", "CFieldArithmetic", "CGMP", "COpenSSL"],
            path: "Benchmarks/PairingBenchmark"),
        .executableTarget(
            name: "StoreBenchmark", dependencies: ["EmbeddedStore", "StoreBehaviour"], path: "Benchmarks/StoreBenchmark"),
        .executableTarget(
            name: "KafkaLogBenchmark", dependencies: ["KafkaLog", "Primitives"], path: "Benchmarks/KafkaLogBenchmark"),
        .executableTarget(
            name: "RedisStoreBenchmark", dependencies: ["RedisStore", "StoreBehaviour", "IdentityBasedEncryption", "Primitives"],
            path: "Benchmarks/RedisStoreBenchmark"),
        .executableTarget(
            name: "RPCBenchmark", dependencies: ["RPC", "Primitives"], path: "Benchmarks/RPCBenchmark"),

        // Tests, one target a module
        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"]),
        .testTarget(name: "MailboxAPITests", dependencies: ["MailboxAPI", "RPC", "Primitives", "ProtobufSamples", "TestVectors"]),
        .testTarget(
            name: "TraceExportTests",
            dependencies: ["TraceExport", "MailboxAPI", "RPC", "Observability", "ProtobufSamples", "Primitives", "TestVectors"]),
        .testTarget(name: "RPCTests", dependencies: ["RPC", "Primitives", "RPCPeer"]),
        .testTarget(name: "LocalClusterTests", dependencies: ["LocalCluster", "poste"]),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "poste", "LocalCluster", "KafkaLog", "EmbeddedStore", "RedisStore", "ClusterKeyFile", "MailboxClient",
                "KeyManagementClient", "IBAKE", "MIKEY", "Mailbox", "RPC", "Primitives", "StoreBehaviour", "TestVectors",
            ]),
        .testTarget(name: "FrontWorkerTests", dependencies: ["FrontWorker", "TestCluster", "TestStore"]),
        .testTarget(
            name: "DeliveryWorkerTests", dependencies: ["DeliveryWorker", "TestCluster", "TestStore", "StoreBehaviour"]),
        .testTarget(name: "ChaosTests", dependencies: ["ChaosRun", "LocalCluster", "poste"]),
        .testTarget(name: "ObservabilityTests", dependencies: ["Observability"]),
        .testTarget(name: "AdminServerTests", dependencies: ["AdminServer", "Observability"]),
        .testTarget(
            name: "ClusterStatusTests", dependencies: ["ClusterStatus", "EmbeddedStore", "StoreBehaviour", "Primitives"]),
        .testTarget(
            name: "MeasuredStoresTests", dependencies: ["MeasuredStores", "EmbeddedStore", "StoreBehaviour", "TestVectors"]),
        .testTarget(
            name: "KeyManagementTests",
            dependencies: [
                "KeyManagement", "KeyManagementCrashProbe", "IBAKE", "IdentityBasedEncryption", "MIKEY", "MailboxAPI",
                "Observability", "Primitives", "RPC", "SQLite", "StateFolder", "TestVectors",
            ]),
        .executableTarget(
            name: "KeyManagementCrashProbe", dependencies: ["KeyManagement", "Primitives"],
            path: "Tests/Support/KeyManagementCrashProbe"),
        .testTarget(name: "SQLiteTests", dependencies: ["SQLite"]),
        .testTarget(name: "StateFolderTests", dependencies: ["StateFolder"]),
        .testTarget(
            name: "ClusterKeyFileTests", dependencies: ["ClusterKeyFile", "FrontWorker", "TestCluster", "TestVectors"]),
        .testTarget(name: "WorkPoolTests", dependencies: ["WorkPool"]),
        .testTarget(
            name: "EmbeddedStoreTests",
            dependencies: ["EmbeddedStore", "StoreBehaviour", "StoreVictim", "TestVectors", "CSQLite"]),
        .testTarget(
            name: "KafkaLogTests",
            dependencies: [
                "KafkaLog", "LocalCluster", "EmbeddedStore", "StoreBehaviour", "KafkaVictim", "Primitives", "CRdKafka", "poste",
            ]),
        .testTarget(
            name: "RedisStoreTests",
            dependencies: ["RedisStore", "EmbeddedStore", "StoreBehaviour", "TestCluster", "TestVectors"]),
        .testTarget(name: "MailboxTests", dependencies: ["Mailbox", "StoreBehaviour", "TestVectors"]),
        .testTarget(name: "SimulationTests", dependencies: ["Mailbox", "StoreBehaviour", "TestVectors"]),
        .testTarget(name: "MIKEYTests", dependencies: ["MIKEY", "TestVectors"]),
        .testTarget(
            name: "SupersingularPairingTests",
            dependencies: ["SupersingularPairing", "CFieldArithmetic", "TestVectors", "CurveVectors"]),
        .testTarget(
            name: "IdentityBasedEncryptionTests", dependencies: ["IdentityBasedEncryption", "TestVectors", "CurveVectors"]),
        .testTarget(name: "IBAKETests", dependencies: ["IBAKE", "TestVectors"]),
        .testTarget(name: "LoadGeneratorTests", dependencies: ["LoadGenerator"]),
        .testTarget(
            name: "MailboxClientTests",
            dependencies: [
                "MailboxClient", "KeyManagement", "KeyManagementClient", "FrontWorker", "DeliveryWorker",
                "Observability", "TestStore", "TestVectors",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
