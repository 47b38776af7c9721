import Foundation
import KeyManagement
import Primitives

// What the crash tests kill: opens a KMS's state folder and enrols users until it is killed, telling of each account on
// standard output once it has it.
//
//     KeyManagementCrashProbe FOLDER PASSPHRASE PREFIX
@main struct Probe {
    static func main() throws {
        let arguments = CommandLine.arguments
        var settings = KeyManagementSettings(name: try .init("sip:kms@example.com"))
        settings.level = .test1024
        settings.insecureTestLevel = true
        let state = try KeyManagementState(
            folder: arguments[1], passphrase: SecretBytes(Array(arguments[2].utf8)), settings: settings, now: now)
        say("open")
        let token = try String(contentsOfFile: arguments[1] + "/enrolment.token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        for number in 1... {
            let identity = "sip:\(arguments[3])-\(number)@example.com"
            let enrolment = try state.enroll(
                identities: [identity], mailboxDomain: "", token: token, peer: "probe", now: now)
            let psk = enrolment.psk.withUnsafeBytes { hexadecimal($0) }
            say("\(identity) \(hexadecimal(enrolment.pskName)) \(psk)")
        }
    }

    static var now: UTCTime { UTCTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }

    static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
