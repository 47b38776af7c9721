import Foundation

extension MetricRegistry {
    /// Adds what Prometheus's own clients tell of a process, and who it is.
    ///
    /// - Parameters:
    ///   - role: `front`, `deliver`, `kms` or `dev`.
    ///   - version: of the program.
    public func addProcess(role: StaticString, version: String) {
        let info = gauges("poste_build_info", "Role and version of this process; always 1.", labels: "role", "version")
        info[LabelValue(stringLiteral: role), LabelValue(version, of: [version])].set(1)
        let started = Date.now.timeIntervalSince1970
        computed("process_start_time_seconds", "When the process started, in seconds since 1970.") { started }
        computed("process_cpu_seconds_total", "Seconds of CPU time that the process has used.", type: Counter.type) {
            var usage = rusage()
            guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
            return usage.ru_utime.seconds + usage.ru_stime.seconds
        }
        computed("process_resident_memory_bytes", "Octets of memory that the process holds.") {
            // The second number of statm counts pages.
            guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
            let fields = text.split(separator: " ")
            return fields.count > 1 ? Double(fields[1]).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) } : nil
        }
        computed("process_open_fds", "Open files and connections.") {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count.asDouble
        }
        computed("process_max_fds", "How many files and connections may be open.") {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
            return Double(limit.rlim_cur)
        }
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}

extension Int {
    fileprivate var asDouble: Double { Double(self) }
}
