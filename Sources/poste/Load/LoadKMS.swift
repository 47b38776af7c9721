import Foundation
import LocalCluster
import MailboxClient

/// A key management service alone, as a process, for as long as it takes to enrol the users of a load run.
struct LoadKMS: Sendable {
    /// The path of this command.
    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

    let endpoints: Endpoints
    let token: String
    private let process: ChildProcess

    /// Starts it on the cluster folder `cluster` of a folder.
    static func start(in folder: String, _ options: LoadOptions) async throws -> LoadKMS {
        let (cluster, ready) = (folder + "/cluster", folder + "/kms.ready")
        try FileManager.default.createDirectory(
            atPath: cluster, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        unlink(ready)
        let log = folder + "/kms.log"
        let process = try ChildProcess(
            [
                executable, "kms", "--listen", "127.0.0.1:0", "--cluster", cluster, "--ready-file", ready, "--domain",
                options.domain, "--level", "\(options.level)", "--log-level", "warning",
            ] + (options.level == 1024 ? ["--insecure-test-level"] : []),
            environment: [ParentProcess.variable: "\(getpid())"], outputFile: log)
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, process.isRunning {
            if let data = FileManager.default.contents(atPath: ready),
                let notice = try? JSONDecoder().decode(ReadyNotice.self, from: data)
            {
                let endpoints = Endpoints(
                    kms: notice.addresses["kms"] ?? "", fronts: [], roots: try textFile(cluster + "/ca.pem"))
                let token = try textFile(cluster + "/kms/enrolment.token")
                return LoadKMS(
                    endpoints: endpoints, token: token.trimmingCharacters(in: .whitespacesAndNewlines), process: process
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        await process.terminate()
        throw CommandFailure(.machine, "the KMS for the users of the load run did not start: see \(log)")
    }

    func stop() async { await process.terminate() }
}
