import CHiredis
import Dispatch
import Glibc

/// One TCP connection: hiredis's non-blocking context, which connects, formats, buffers and parses, and two Dispatch
/// sources that tell it when the socket can be read and written.
///
/// hiredis's asynchronous contexts are the same with hooks around them; but version 0.14's ends the process by an
/// assertion when a peer says more than it was asked, and any host may be behind a mistyped port.
///
/// `@unchecked Sendable`: everything in it is touched on its serial queue alone, after `init` too; Dispatch's handlers
/// must be Sendable.
final class Wire: @unchecked Sendable {
    enum Event {
        case connected
        case reply(Reply)
        /// Nothing more comes. `isForeign`: what came is not Redis's protocol.
        case broken(String, isForeign: Bool)
    }

    struct Unreachable: Error {
        let reason: String
    }

    // Unsafe: the context is a C structure that hiredis allocates and frees.
    private let context: UnsafeMutablePointer<redisContext>
    private let reader: any DispatchSourceRead
    private let writer: any DispatchSourceWrite
    private let handler: (Event) -> Void
    private var isWriterRunning = true
    private var isConnected = false
    private var isClosed = false
    private var sourcesLeft = 2

    /// Begins to connect. Looks the name up, which may block: call it on `queue`, never on a task's thread.
    /// - Parameters:
    ///   - queue: serial.
    ///   - handler: is told what happens, on `queue`; nothing after `close`.
    init(to endpoint: RedisEndpoint, queue: DispatchQueue, handler: @escaping (Event) -> Void) throws(Unreachable) {
        dispatchPrecondition(condition: .onQueue(queue))
        Self.ignoreBrokenPipes
        guard let context = redisConnectNonBlock(endpoint.host, Int32(endpoint.port)) else {
            throw Unreachable(reason: "no memory for a connection")
        }
        guard context.pointee.err == 0 else {
            let reason = Self.reason(context)
            redisFree(context)
            throw Unreachable(reason: reason)
        }
        self.context = context
        self.handler = handler
        // A failure only means that a silent peer is noticed by the time-outs alone.
        _ = redisEnableKeepAlive(context)
        reader = DispatchSource.makeReadSource(fileDescriptor: context.pointee.fd, queue: queue)
        writer = DispatchSource.makeWriteSource(fileDescriptor: context.pointee.fd, queue: queue)
        reader.setEventHandler { self.readable() }
        writer.setEventHandler { self.writable() }
        // The descriptor may be closed only when neither source looks at it any more.
        reader.setCancelHandler { self.sourceEnded() }
        writer.setCancelHandler { self.sourceEnded() }
        writer.resume()
    }

    /// hiredis writes without MSG_NOSIGNAL: unless a program has its own mind about SIGPIPE, a server that goes away
    /// must be an error and not the end of the process.
    private static let ignoreBrokenPipes: Void = {
        var action = sigaction()
        guard sigaction(SIGPIPE, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return }
        signal(SIGPIPE, SIG_IGN)
    }()

    /// Puts a command into the buffer; `flush` sends it.
    func append(_ command: Command) {
        guard !isClosed else { return }
        if command.isAsking { append([Array("ASKING".utf8)]) }
        append(command.arguments)
    }

    private func append(_ arguments: [[UInt8]]) {
        let octets = arguments.flatMap { $0 }
        let lengths = arguments.map(\.count)
        // Unsafe: hiredis takes pointers and lengths, and copies before it returns.
        octets.withUnsafeBytes { buffer in
            var next = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var pointers: [UnsafePointer<CChar>?] = []
            for length in lengths {
                pointers.append(next)
                next = next.map { $0 + length }
            }
            _ = redisAppendCommandArgv(context, Int32(lengths.count), &pointers, lengths)
        }
    }

    /// Sends what the socket takes; the rest when it takes more.
    func flush() {
        guard !isClosed, isConnected else { return }
        var isDone: Int32 = 0
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { return fail() }
        if isDone == 0, !isWriterRunning {
            isWriterRunning = true
            writer.resume()
        } else if isDone != 0, isWriterRunning {
            isWriterRunning = false
            writer.suspend()
        }
    }

    /// Closes the connection; the handler is told nothing more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        // Neither a suspended source nor one that never ran delivers its cancellation.
        if !isWriterRunning { writer.resume() }
        if !isConnected { reader.resume() }
        writer.cancel()
        reader.cancel()
    }

    private func sourceEnded() {
        sourcesLeft -= 1
        if sourcesLeft == 0 { redisFree(context) }
    }

    private func writable() {
        guard !isClosed else { return }
        guard !isConnected else { return flush() }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(context.pointee.fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
            return fail(String(cString: strerror(code == 0 ? errno : code)))
        }
        isConnected = true
        reader.resume()
        handler(.connected)
        flush()
    }

    private func readable() {
        // hiredis reads up to 16 KiB at once; so often that what Dispatch saw is read, and others have their turn too.
        var rounds = min(64, Int(reader.data) / 16_384 + 1)
        while rounds > 0, !isClosed {
            rounds -= 1
            let isWhole = redisBufferRead(context) == REDIS_OK
            takeReplies()
            if !isWhole, !isClosed { return fail() }
        }
    }

    private func takeReplies() {
        while !isClosed, context.pointee.err == 0 {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { return fail() }
            guard let reply else {
                // hiredis 1.2 follows arrays within arrays without end; no command is answered so.
                if context.pointee.reader.pointee.ridx > Reply.nestingLimit {
                    fail("arrays within arrays", isForeign: true)
                }
                return
            }
            // Unsafe: the default functions of hiredis's reader make these, as `void *`.
            let copy = Reply(reply.assumingMemoryBound(to: redisReply.self).pointee)
            freeReplyObject(reply)
            handler(.reply(copy))
        }
    }

    private func fail(_ reason: String? = nil, isForeign: Bool = false) {
        guard !isClosed else { return }
        let isForeign = isForeign || context.pointee.err == REDIS_ERR_PROTOCOL
        let reason = reason ?? Self.reason(context)
        close()
        handler(.broken(reason, isForeign: isForeign))
    }

    private static func reason(_ context: UnsafeMutablePointer<redisContext>) -> String {
        // Unsafe: a C array of characters, with NUL at its end.
        let text = withUnsafeBytes(of: &context.pointee.errstr) { octets in
            String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
        }
        return text.isEmpty ? "no reason given" : text
    }
}
