import CGRPC

extension gpr_timespec {
    /// That long from now; for ever without a duration.
    static func after(_ duration: Duration?) -> gpr_timespec {
        guard let duration else { return gpr_inf_future(GPR_CLOCK_MONOTONIC) }
        let (seconds, attoseconds) = duration.components
        let span = gpr_timespec(
            tv_sec: seconds, tv_nsec: Int32(attoseconds / 1_000_000_000), clock_type: GPR_TIMESPAN)
        return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span)
    }

    /// The same moment on Swift's clock; nil when it never comes.
    var instant: ContinuousClock.Instant? {
        guard tv_sec != .max else { return nil }
        let span = gpr_time_sub(gpr_convert_clock_type(self, GPR_CLOCK_MONOTONIC), gpr_now(GPR_CLOCK_MONOTONIC))
        return .now + .seconds(span.tv_sec) + .nanoseconds(Int64(span.tv_nsec))
    }
}
