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
                let nonce = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
                let policy =
                    "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                return AdminResponse(
                    "text/html; charset=utf-8", Array(StatusPage.html(current, nonce: nonce).utf8),
                    fields: [
                        .init(name: "content-security-policy", value: policy),
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
