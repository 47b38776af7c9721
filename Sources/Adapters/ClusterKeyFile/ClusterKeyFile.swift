import Mailbox
import Primitives
import Synchronization

/// A cluster's key file as a running front sees it: read when it starts, and again when it changes.
///
/// A file that was damaged or is gone changes nothing for who runs: the keys that were read last stay.
public final class ClusterKeyFile: SessionKeys {
    /// What is worth telling an operator.
    public enum Notice: Sendable {
        /// Other keys were read.
        case changed(sealing: UInt32, all: [UInt32])
        /// The file cannot be used; the keys that were read before stay.
        case unusable(ClusterKeyFileError)
        /// Keys that nothing needs any more were taken out of the file.
        case forgotten([UInt32])
        /// Keys that nothing needs any more are still in a file that is not this front's to change.
        case needless([UInt32])
    }

    /// Whose file it is.
    public enum Keeper: Sendable {
        /// The fronts': it lies in the cluster's folder, and they take out of it what nothing needs any more.
        case fronts
        /// An operator's, who puts it on each machine.
        case operators
    }

    private struct State {
        var text: [UInt8]
        var keys: ClusterKeys
        var seal: SessionSeal
        /// What was told last, so that it is not told again with every look.
        var told: ClusterKeyFileError?
        var toldNeedless: [UInt32] = []
    }

    private let path: String
    private let keeper: Keeper
    private let now: @Sendable () -> UTCTime
    private let notice: @Sendable (Notice) -> Void
    private let state: Mutex<State>

    /// Reads the file. Throws `ClusterKeyFileError`, also where there is none.
    public init(
        path: String, keeper: Keeper, now: @escaping @Sendable () -> UTCTime,
        notice: @escaping @Sendable (Notice) -> Void = { _ in }
    ) throws(ClusterKeyFileError) {
        self.path = path
        self.keeper = keeper
        self.now = now
        self.notice = notice
        let (keys, text) = try KeyFileAccess.keys(at: path)
        state = Mutex(State(text: text, keys: keys, seal: keys.seal(at: now())))
    }

    /// What seals and opens, as of the last look.
    public var seal: SessionSeal { state.withLock { $0.seal } }

    /// Looks at the file, and gives what seals and opens then.
    public func refreshed() async -> SessionSeal {
        look()
        return seal
    }

    /// Looks at the file again and again, until the task is cancelled.
    public func watch(every interval: Duration = .seconds(2)) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            look()
        }
    }

    private func look() {
        let time = now()
        let notices = state.withLock { state in
            let notices = Self.read(path, into: &state, at: time)
            state.seal = state.keys.seal(at: time)
            return notices
        }
        for told in notices { notice(told) }
        forget(at: time)
    }

    private static func read(_ path: String, into state: inout State, at now: UTCTime) -> [Notice] {
        do throws(ClusterKeyFileError) {
            let (keys, text) = try KeyFileAccess.keys(at: path)
            state.told = nil
            guard text != state.text else { return [] }
            state.text = text
            guard keys != state.keys else { return [] }
            state.keys = keys
            return [.changed(sealing: keys.sealing(at: now).id, all: keys.entries.map(\.id))]
        } catch {
            guard state.told != error else { return [] }
            state.told = error
            return [.unusable(error)]
        }
    }

    /// What is past its time opens nothing any more, and leaves the file too.
    private func forget(at now: UTCTime) {
        var due: [UInt32] = []
        let isNew = state.withLock { state in
            var keys = state.keys
            due = keys.forgetDue(at: now)
            defer { state.toldNeedless = due }
            return state.toldNeedless != due && !due.isEmpty
        }
        guard isNew else { return }
        guard case .fronts = keeper else { return notice(.needless(due)) }
        do {
            let gone = try Self.change(path) { $0?.forgetDue(at: now) ?? [] }
            // Another front may have been faster.
            if !gone.isEmpty { notice(.forgotten(gone)) }
        } catch let error as ClusterKeyFileError {
            notice(.unusable(error))
        } catch {
            notice(.needless(due))
        }
    }
}

extension ClusterKeyFile {
    /// The keys of a file; none where there is no file. Throws `ClusterKeyFileError`.
    public static func keys(at path: String) throws(ClusterKeyFileError) -> ClusterKeys? {
        do throws(ClusterKeyFileError) {
            return try KeyFileAccess.keys(at: path).keys
        } catch .missing {
            return nil
        }
    }

    /// Changes the keys of a file, or makes one, while nobody else does. The file is there whole or not at all, and its
    /// owner's alone.
    ///
    /// - Parameter body: gets what there is (none: no file), and leaves what is to be.
    /// Throws `ClusterKeyFileError`, and what `body` throws: then nothing is changed.
    public static func change<Result>(_ path: String, _ body: (inout ClusterKeys?) throws -> Result) throws -> Result {
        let lock = try KeyFileAccess.lock(path)
        return try withExtendedLifetime(lock) {
            let before = try keys(at: path)
            var keys = before
            let result = try body(&keys)
            if let keys, keys != before { try KeyFileAccess.write(keys.text, to: path) }
            return result
        }
    }
}
