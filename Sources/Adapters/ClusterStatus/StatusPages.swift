import AdminServer
import Foundation

extension Observer {
    /// The pages for people and for `poste top`.
    ///
    /// - `/`: the page
    /// - `/status.json`: the same for programs
    public var pages: [String: AdminServer.Page] {
        [
            "/": { [self] in
                AdminResponse(
                    "text/html; charset=utf-8", Array(StatusPage.html(current).utf8),
                    fields: [
                        .init(name: "content-security-policy", value: StatusPage.policy),
                        .init(name: "referrer-policy", value: "no-referrer"),
                    ])
            },
            "/status.json": { [self] in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                guard let data = try? encoder.encode(current) else { return .text("no status", status: 500) }
                return AdminResponse("application/json", Array(data))
            },
        ]
    }
}
