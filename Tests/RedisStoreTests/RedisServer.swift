import Foundation
import RedisStore

/// Real servers, of Debian's package unless PATH has others first, each in a folder of its own on a spare port, killed at
/// the end: by its holder, or, should the test's process die, by the shell that started it.
final class RedisServer: @unchecked Sendable {
    static let executable = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        .map { "\($0)/redis-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether there is one; says loudly where there is none.
    static let isInstalled: Bool = {
        if executable != nil { return true }
        FileHandle.standardError.write(
            Data(
                "\n*** SKIPPED: all tests against Redis. redis-server is missing: apt install redis-server ***\n\n".utf8
            ))
        return false
    }()

    struct DidNotStart: Error {
        let log: String
    }

    let port: Int
    let folder: URL
    // Set once in `init` and in `restart`, which tests call one at a time.
    private var shell: Process?
    private var life: FileHandle?
    private(set) var pid: Int32 = 0
    private let options: [String]

    init(port: Int? = nil, _ options: String..., configuration: String? = nil, files: [String: String] = [:]) throws {
        self.port = port ?? Self.sparePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("poste-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        var all: [String] = []
        if let configuration {
            let file = folder.appendingPathComponent("redis.conf")
            try Data(configuration.utf8).write(to: file)
            all.append(file.path)
        }
        all += ["--port", String(self.port), "--bind", "127.0.0.1", "--dir", folder.path, "--loglevel", "notice"]
        if configuration == nil, !options.contains("--save") { all += ["--save", ""] }
        // Replicas need not wait for others to come.
        if !options.contains("--sentinel") { all += ["--repl-diskless-sync-delay", "0"] }
        self.options = all + options
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    var endpoint: RedisEndpoint { RedisEndpoint(host: "127.0.0.1", port: port) }

    /// A store on it alone.
    func store(command: Duration = .seconds(5), password: String? = nil) throws -> RedisStore {
        try RedisStore(
            .init(
                servers: [endpoint], password: password.map { .init(Array($0.utf8)) }, connectTimeout: .seconds(5),
                commandTimeout: command))
    }

    func restart() throws {
        kill()
        try start()
    }

    /// SIGKILL: nothing is saved.
    func kill() {
        if pid > 0 { _ = Foundation.kill(pid, SIGKILL) }
        try? life?.close()
        shell?.waitUntilExit()
        (shell, life) = (nil, nil)
        pid = 0
    }

    func signal(_ number: Int32) { _ = Foundation.kill(pid, number) }

    /// What redis-cli prints for a command.
    @discardableResult
    func cli(_ words: String...) throws -> String {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", String(port)] + words
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether any of the octet strings is anywhere in the server's files.
    func contains(_ strings: [[UInt8]]) throws -> Bool {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard let data = try? Data(contentsOf: file) else { continue }
            if strings.contains(where: { data.range(of: Data($0)) != nil }) { return true }
        }
        return false
    }

    private func start() throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The shell waits for the end of its input, which comes when this process closes it or dies.
        let script = "\"$@\" >\"$0\" 2>&1 </dev/null & echo $!; cat >/dev/null; kill -9 $!; wait"
        let log = folder.appendingPathComponent("log")
        process.arguments = ["-c", script, log.path, Self.executable ?? "redis-server"] + options
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        shell = process
        life = input.fileHandleForWriting
        var line = Data()
        while let octet = try output.fileHandleForReading.read(upToCount: 1), octet != Data([10]) { line += octet }
        pid = Int32(String(decoding: line, as: UTF8.self)) ?? 0
        for _ in 0..<500 {
            if Self.answers(port) { return }
            usleep(10_000)
        }
        throw DidNotStart(log: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address(port)
        return withUnsafeBytes(of: &address) { octets in
            octets.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, 16) == 0 }
        }
    }

    /// A socket that listens; port 0 takes a spare one.
    static func listen(on port: Int = 0) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = address(port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { octets in
            octets.withMemoryRebound(to: sockaddr.self) { address in
                _ = bind(descriptor, address.baseAddress, size)
                _ = Foundation.listen(descriptor, 16)
                if let base = address.baseAddress { _ = getsockname(descriptor, base, &size) }
            }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func sparePort() -> Int {
        let listener = listen()
        close(listener.descriptor)
        return listener.port
    }
}
