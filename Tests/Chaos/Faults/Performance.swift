/// Carries out a schedule: one fault after the other in its first part, then a lane beside the other.
struct Performance: Sendable {
    let schedule: Schedule
    let maker: FaultMaker
    let journal: Journal
    let tell: @Sendable (String) -> Void

    /// Returns what was done, in the order of the beginnings.
    func run() async -> [DoneFault] {
        let begin = journal.nowMs
        var done: [DoneFault] = []
        let single = schedule.faults.filter(\.isSingle)
        for fault in single {
            await sleep(until: max(begin + fault.beginsMs, (done.last?.healedMs ?? 0) + FaultKind.recoveryMs))
            done.append(await make(fault))
        }
        let rest = schedule.faults.filter { !$0.isSingle }
        guard let first = rest.first else { return done }
        // What the first part took longer shifts the second.
        await sleep(until: max(begin + first.beginsMs, (done.last?.healedMs ?? 0) + FaultKind.recoveryMs))
        let shift = journal.nowMs - first.beginsMs
        await withTaskGroup(of: [DoneFault].self) { group in
            for lane in Fault.Lane.allCases {
                let faults = rest.filter { $0.fault.lane == lane }
                group.addTask {
                    var done: [DoneFault] = []
                    for fault in faults {
                        await sleep(until: shift + fault.beginsMs)
                        done.append(await make(fault))
                    }
                    return done
                }
            }
            for await lane in group { done += lane }
        }
        return done.sorted { $0.beganMs < $1.beganMs }
    }

    private func make(_ fault: ScheduledFault) async -> DoneFault {
        let began = journal.nowMs
        tell("\(fault.isSingle ? " " : "+") \(fault.number). \(fault.fault)")
        var trouble: String?
        do {
            try await maker.make(fault.fault, lasting: .milliseconds(fault.lastsMs))
        } catch {
            trouble = "\(error)"
        }
        tell("  \(fault.number). over" + (trouble.map { ", with trouble: \($0)" } ?? ""))
        return DoneFault(scheduled: fault, beganMs: began, healedMs: journal.nowMs, trouble: trouble)
    }

    private func sleep(until time: Int) async {
        let rest = time - journal.nowMs
        if rest > 0 { try? await Task.sleep(for: .milliseconds(rest)) }
    }
}
