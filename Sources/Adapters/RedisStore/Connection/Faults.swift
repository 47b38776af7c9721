import Mailbox

extension StoreError {
    /// A refusal of Redis's, with what to do about it.
    init(refusal text: String, at place: some CustomStringConvertible) {
        let code = text.prefix { $0 != " " }
        let redis = "Redis at \(place)"
        switch code {
        case "OOM":
            self.init(
                .full, "\(redis) has no memory left (\(text)); nothing was changed: raise maxmemory, or free some")
        case "NOAUTH":
            self.init(.misuse, "\(redis) wants a password (\(text)); put it into the URL: redis://:password@host:port")
        case "WRONGPASS":
            self.init(.misuse, "\(redis) refuses the user or the password (\(text)); correct them in the URL")
        case "NOPERM":
            self.init(.misuse, "\(redis) does not allow this user what the store needs (\(text)); correct its ACL")
        case "READONLY":
            self.init(.unavailable, "\(redis) is a replica now (\(text)); connecting again to find the primary")
        case "LOADING":
            self.init(.unavailable, "\(redis) is still loading its data (\(text)); try again soon")
        case "MISCONF":
            self.init(.unavailable, "\(redis) cannot write its files and takes nothing (\(text)); look at its disk")
        case "NOREPLICAS":
            self.init(.unavailable, "\(redis) has too few replicas to take writes (\(text)); start them")
        case "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK", "NOSCRIPT", "UNKILLABLE":
            self.init(.unavailable, "\(redis) cannot answer just now (\(text)); try again")
        case "WRONGTYPE":
            self.init(
                .corrupt,
                "\(redis) has keys of another program under the store's names (\(text)); take another prefix or database"
            )
        case "ERR" where text.contains("max number of clients"):
            self.init(.unavailable, "\(redis) has too many clients (\(text)); raise maxclients")
        case "ERR" where text.contains("invalid password"):
            self.init(.misuse, "\(redis) refuses the password (\(text)); correct it in the URL")
        case "ERR" where text.contains("without any password configured"):
            self.init(.misuse, "\(redis) has no password, but the URL has one (\(text)); correct either")
        case "ERR" where text.contains("DB index"):
            self.init(.misuse, "\(redis) does not have this database (\(text)); correct the number in the URL")
        default:
            self.init(.unavailable, "\(redis) refused a command (\(text)); check that it is Redis 7 or Valkey")
        }
    }

    /// An answer that no Redis gives.
    init(foreign reason: String, at endpoint: RedisEndpoint) {
        self.init(
            .corrupt,
            "what answers at \(endpoint) is not a Redis without TLS (\(reason)); correct the host and port of the URL")
    }

    static func unreachable(_ endpoint: RedisEndpoint, _ reason: String) -> StoreError {
        StoreError(
            .unavailable,
            "Redis at \(endpoint) cannot be reached (\(reason)); check that it runs and that host and port are right")
    }
}
