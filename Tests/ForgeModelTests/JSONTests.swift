import ForgeModel
import Testing

struct JSONTests {
    @Test(arguments: [
        #"{"a":[1,2.5,-3],"b":{"c":null,"d":true,"e":false},"f":"x"}"#, "[]", "{}", "0", "-0.0", "1e-07", "\"\"",
        "9223372036854775807", "-9223372036854775808", #"["\"\\\b\f\n\r\t\u0001é😀"]"#, "5e-324", "1.7976931348623157e+308",
    ])
    func canonicalTextReadsBackAsItself(_ text: String) throws {
        #expect(try JSONValue(parsing: text).serialized == text)
    }

    @Test func everyDoubleSurvivesTheRoundTrip() throws {
        var generator = SplitMix(seed: 7)
        for _ in 0..<10_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            let back = try JSONValue(parsing: JSONValue.number(value).serialized)
            #expect(back.doubleValue?.bitPattern == value.bitPattern, "\(value)")
        }
    }

    @Test func integersBeyondInt64BecomeDoubles() throws {
        #expect(try JSONValue(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
    }

    @Test func escapesAreResolved() throws {
        #expect(try JSONValue(parsing: #""\u0041\u00e9\u20ac\ud83d\ude00\/""#) == .text("Aé€😀/"))
    }

    @Test func canonicallyEqualKeysStayApart() throws {
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[1 2]", "01", "-", "1.", "1e", ".5", "+1", "tru",
        "nulls", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ude00\"", "\"\u{01}\"", "1 2", "{\"a\":1,\"a\":2}", "1e400",
        "NaN", "{\"a\":1]", "[1}", "{1:2}", String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
    ])
    func refuses(_ text: String) { #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) } }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) { #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) } }

    @Test func sixteenLevelsAreAccepted() throws {
        let text = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        #expect(try JSONValue(parsing: text).serialized == text)
    }

    @Test func aMissingMemberIsNilAndNotJSONsNull() {
        let object: JSONObject = ["a": nil]
        #expect(object["a"].map(\.isNull) == true)
        #expect(object["b"].map(\.isNull) == Bool?.none)
    }

    @Test func membersAreSetReplacedAndRemoved() {
        var value: JSONValue = ["b": 1, "a": "x"]
        value["c"] = [true, nil]
        value["b"] = nil
        value["a"] = 2.5
        #expect(value.serialized == #"{"a":2.5,"c":[true,null]}"#)
    }
}
