/// Turns errors into what a person reads and what the shell gets.
enum Failure {
    static func explain(_ error: any Error) -> (ExitStatus, String) {
        switch error {
        case let failure as CommandFailure: (failure.status, failure.description)
        case let usage as UsageError: (.usage, usage.description)
        default: (.failure, "\(error)")
        }
    }
}
