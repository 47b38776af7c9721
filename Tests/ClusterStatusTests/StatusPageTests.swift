import ClusterStatus
import Foundation
import Primitives
import Testing

@Suite struct StatusPageTests {
    private func status(_ change: (inout ClusterStatus) -> Void = { _ in }) throws -> ClusterStatus {
        let text = """
            {"at_ms": 1790000000000, "by": "a", "faults": [], "history": [
                {"at_ms": 1789999990000, "deposits": 1, "answers": 0, "pending": 4},
                {"at_ms": 1790000000000, "deposits": 3, "answers": 2, "pending": 1}],
             "totals": {"deposits_per_s": 3, "answers_per_s": 2, "pending": 1, "commit_p99_ms": 12.4},
             "members": [{"id": "a", "role": "front", "name": "front1:7401", "admin": "front1:9400", "version": "0.1", "started_ms": 1789999000000,
                "at_ms": 1790000000000, "lacks": [], "partitions": [], "figures": {"deposits_per_s": 3, "streams": 7}}],
             "partitions": [{"partition": 0, "owner": "a", "lag": 0, "presence_lag": 0, "pending": 1, "dead_letters": 0}]}
            """
        var status = try JSONDecoder().decode(ClusterStatus.self, from: Data(text.utf8))
        change(&status)
        return status
    }

    @Test func theNumbersAreInThePageItself() throws {
        let page = StatusPage.html(try status())
        for text in ["3/s", "2/s", "12 ms", "front1:7401", "href=\"http://front1:9400/\"", "mail flows", "<polyline"] {
            #expect(page.contains(text), "\(text)")
        }
    }

    @Test func nothingComesFromOutsideAndNothingElseRuns() throws {
        let page = StatusPage.html(try status { $0.members = [] })
        #expect(
            !page.contains("http:") && !page.contains("https:") && !page.contains("@import") && !page.contains("url("))
        let tags = page.components(separatedBy: "<").filter {
            $0.hasPrefix("script") || $0.hasPrefix("style") || $0.hasPrefix("link")
        }
        #expect(tags.count == 2 && tags.allSatisfy { StatusPage.policy.contains(digest(of: $0)) })
        #expect(!page.contains(" style=") && !page.contains(" onclick="))
    }

    /// Base64 of SHA-256 of what stands behind a tag.
    private func digest(of element: String) -> String {
        let text = element.drop { $0 != ">" }.dropFirst()
        return Data(HashFunction.sha256.hash(Array(text.utf8))).base64EncodedString()
    }

    @Test func whatOthersSayIsTextAndNoMarkup() throws {
        let evil = "<script>alert('x')</script>\"&"
        let page = StatusPage.html(
            try status {
                $0.members[0].name = evil
                $0.members[0].role = evil
                $0.members[0].lacks = [evil]
                $0.members[0].admin = "host:1/\"><script>"
                $0.faults = [evil]
            })
        #expect(page.components(separatedBy: "<script").count == 2)
        #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"))
        #expect(!page.contains("href=\"http://host:1"))
    }

    @Test func theVerdictNamesTheWorstFirst() throws {
        #expect(Verdict(try status()).findings.map(\.text) == ["mail flows"])
        #expect(Verdict(try status { $0.totals = [:] }).level == .good)
        let bad = Verdict(
            try status {
                $0.totals["dead_letters"] = 2
                $0.totals["shed_per_s"] = 0.4
                $0.partitions[0].owner = nil
                $0.partitions[0].lag = 5000
                $0.members[0].lacks = ["view: no answer"]
            })
        #expect(bad.level == .bad)
        #expect(bad.findings.first?.text == "front front1:7401 lacks view: no answer")
        #expect(bad.findings.map(\.level) == [.bad, .bad, .warning, .warning, .warning])
        #expect(bad.findings.last?.text.hasPrefix("2 dead letters") == true)
    }

    @Test func severalAnswersBecomeOne() throws {
        let first = try status()
        let kms = try status {
            $0.by = "k"
            $0.members = [member("k", role: "kms", figures: ["keys_per_s": 2])]
            $0.partitions = []
            $0.totals = [:]
        }
        let both = try #require(ClusterStatus(merging: [kms, first]))
        #expect(both.members.map(\.id) == ["k", "a"] && both.partitions.count == 1)
        #expect(both.totals["keys_per_s"] == 2 && both.totals["deposits_per_s"] == 3 && both.totals["pending"] == 1)
        #expect(ClusterStatus(merging: []) == nil)
    }

    @Test func numbersReadWell() {
        #expect(
            [0, 0.01, 0.44, 3, 12.4, 9999, 12_345, 2_500_000].map(Wording.number)
                == ["0", "<0.1", "0.4", "3", "12", "9999", "12.3 k", "2.5 M"])
        #expect(
            [nil, 0.04, 9.9, 12.4, 999.9, 65_000].map(Wording.milliseconds) == [
                "–", "0.0 ms", "9.9 ms", "12 ms", "1.0 s", "65.0 s",
            ])
        #expect(Wording.octets(52_236_288) == "52.2 MB" && Wording.age(3_600_000 * 5) == "5 h")
        #expect(Verdict.list([3, 0, 1, 2, 7]) == "0-3, 7")
        #expect(Wording.time(1_790_000_000_000) == "14:13:20")
    }
}
