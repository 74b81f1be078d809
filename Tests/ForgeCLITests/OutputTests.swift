import ForgeModel
import Testing

@testable import forgectl

@Suite struct OutputTests {
    @Test func columnsAlignAndNumbersStandToTheRight() {
        var table = Table("ID", "MODEL", "TOOK", right: ["ID", "TOOK"])
        table.rows = [["7", "churn", "1.0 s"], ["12", "umsatz_köln", ""]]
        #expect(
            table.text == """
                ID  MODEL         TOOK
                 7  churn        1.0 s
                12  umsatz_köln
                """)
    }

    @Test func fieldsLeaveOutWhatIsMissing() {
        #expect(fields([("model", "churn"), ("error", nil), ("at", "a\nb")]) == "model  churn\nat     a\n       b")
    }

    @Test func whatIsMissingNullOrEmptyIsNotShown() {
        let member: JSONValue = ["description": nil, "config": [:], "name": "churn"]
        #expect(shown(member["description"]) == nil)
        #expect(shown(member["description"], as: moment) == nil)
        #expect(shown(member["no such member"]) == nil)
        #expect(shown(member["config"]) == nil)
        #expect(shown(member["config"], as: metrics) == nil)
        #expect(shown(member["name"]) == "churn")
    }

    @Test(arguments: [
        (0.0, "0.0 s"), (9.94, "9.9 s"), (59.6, "60 s"), (125, "2 min 5 s"), (7260, "2 h 1 min"),
    ]) func durationsAreShort(_ seconds: Double, _ expected: String) { #expect(duration(seconds) == expected) }

    @Test(arguments: [(0.912345, "0.9123"), (42.0, "42"), (0.00001, "1.000e-05"), (1_234_567.8, "1.235e+06")])
    func metricsHaveFourDigits(_ number: Double, _ expected: String) { #expect(short(number) == expected) }

    @Test func bytesHaveUnits() {
        #expect(bytes(0) == "0 B")
        #expect(bytes(999) == "999 B")
        #expect(bytes(8_700_000) == "8.7 MB")
    }

    @Test func knownMetricsComeFirst() { #expect(metrics(["accuracy": 0.9, "zeta": 1, "roc_auc": 0.95]) == "roc_auc 0.95, accuracy 0.9, zeta 1") }

    @Test func barShowsShareAndPhaseWithinTheWidth() {
        let state: JSONValue = ["model": "churn", "status": "running", "progress": 0.5, "phase": "fitting", "seconds": 12]
        let bar = ProgressDisplay.bar(state, width: 80)
        #expect(bar.contains(" 50 %  fitting  12 s, about 12 s left"))
        #expect(bar.filter { $0 == "█" }.count == bar.filter { $0 == "·" }.count)
        #expect(ProgressDisplay.bar(state, width: 20).count < 20)
    }

    @Test func queuedRequestSaysWhatItWaitsAfter() {
        let state: JSONValue = ["model": "churn", "status": "queued", "error_message": "connection lost"]
        #expect(ProgressDisplay.line(state) == "churn: queued for another attempt after: connection lost")
    }
}
