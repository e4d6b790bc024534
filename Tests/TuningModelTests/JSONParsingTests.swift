import Foundation
import Testing
import TuningModel

@Suite struct JSONParsingTests {
  private func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws -> JSONValue {
    try JSONValue(parsing: text, limits: limits)
  }

  private func failure(_ text: String, limits: JSONLimits = JSONLimits()) -> JSONError? {
    do {
      _ = try JSONValue(parsing: text, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func scalarsAreRead() throws {
    #expect(try parse("null") == .null)
    #expect(try parse(" true\n") == .bool(true))
    #expect(try parse("\tfalse\r") == .bool(false))
    #expect(try parse("\"a b\"") == .string("a b"))
    #expect(try parse("[]") == .array([]))
    #expect(try parse("{ }") == .object([]))
  }

  @Test func wholeNumbersAreToldFromOthers() throws {
    #expect(try parse("0") == .int(0))
    #expect(try parse("-0") == .int(0))
    #expect(try parse("9223372036854775807") == .int(.max))
    #expect(try parse("-9223372036854775808") == .int(.min))
    #expect(try parse("9223372036854775808") == .double(0x1p63))
    #expect(try parse("-9223372036854775809") == .double(-0x1p63))
    #expect(try parse("3.0") == .double(3))
    #expect(try parse("1e2") == .double(100))
    #expect(try parse("1E+2") == .double(100))
    #expect(try parse("12.5e-1") == .double(1.25))
    guard case .double(let zero) = try parse("-0.0") else { throw CancellationError() }
    #expect(zero.sign == .minus)
  }

  @Test func whatPythonPrintsBeyondJSONIsRead() throws {
    guard case .double(let nan) = try parse("NaN") else { throw CancellationError() }
    #expect(nan.isNaN)
    #expect(try parse("Infinity") == .double(.infinity))
    #expect(try parse("-Infinity") == .double(-.infinity))
    #expect(try parse("1e400") == .double(.infinity))
    #expect(try parse("-1e400") == .double(-.infinity))
    #expect(try parse("1e-400") == .double(0))
    #expect(try parse(String(repeating: "9", count: 5000)) == .double(.infinity))
    #expect(try parse("0." + String(repeating: "0", count: 5000) + "1") == .double(0))
    #expect(try parse("1" + String(repeating: "0", count: 400) + "e-400") == .double(1))
  }

  @Test func ofAKeyThatComesTwiceTheLastValueStands() throws {
    #expect(
      try parse(#"{"a": 1, "b": 2, "a": 3}"#) == .object([.init("a", .int(3)), .init("b", .int(2))]))
    let many = (0..<100).map { "\"k\($0 % 40)\": \($0)" }.joined(separator: ",")
    let expected = (0..<40).map { JSONValue.Member("k\($0)", .int($0 < 20 ? $0 + 80 : $0 + 40)) }
    #expect(try parse("{\(many)}") == .object(expected))
  }

  @Test func escapesAreRead() throws {
    #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\u20AC""#) == .string("\"\\/\u{8}\u{C}\n\r\té€"))
    #expect(try parse(#""\ud83d\ude00""#) == .string("😀"))
    #expect(try parse(#""a\u0000b""#) == .string("a\0b"))
  }

  @Test func halfSurrogatesAndBytesThatAreNoUTF8AreReplaced() throws {
    #expect(try parse(#""\ud83d""#) == .string("\u{FFFD}"))
    #expect(try parse(#""\ude00x""#) == .string("\u{FFFD}x"))
    #expect(try parse(#""\ud83d\n""#) == .string("\u{FFFD}\n"))
    #expect(try parse(#""\ud83d\u0041""#) == .string("\u{FFFD}A"))
    #expect(try parse(#""\ud83d\ud83d\ude00""#) == .string("\u{FFFD}😀"))
    let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0xC3, 0x22]
    #expect(try JSONValue(parsing: bytes) == .string("a\u{FFFD}\u{FFFD}"))
    #expect(try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xFF, 0x22] as [UInt8]) == .string("\n\u{FFFD}"))
  }

  @Test(arguments: [
    ("", 0), ("nul", 3), ("tru e", 3), ("nan", 1), ("+1", 0), ("01", 0), ("-", 1), ("1.", 2), (".5", 0), ("1e", 2),
    ("1e+", 3), ("-x", 1), ("0x10", 1), ("[1,]", 3), ("[1 2]", 3), ("[,1]", 1), ("{a: 1}", 1), ("{\"a\" 1}", 5),
    ("{\"a\": 1,}", 8), ("{'a': 1}", 1), ("\"a", 2), ("\"\n\"", 1), ("\"\\x\"", 2), ("\"\\u12g4\"", 5), ("1 2", 2),
    ("[1]]", 3), ("Infinit", 7), ("-Infinitx", 8), ("\u{FEFF}1", 0), ("// x\n1", 0), ("[1", 2), ("]", 0),
  ])
  func whatIsNoValueIsRefusedWithItsPlace(text: String, offset: Int) {
    #expect(failure(text)?.offset == offset, "\(text): \(String(describing: failure(text)))")
  }

  @Test func nestingAndLengthHaveLimits() throws {
    let limits = JSONLimits(depth: 3, bytes: 20)
    #expect(try parse("[[[1]]]", limits: limits) == .array([.array([.array([.int(1)])])]))
    #expect(failure("[[[[1]]]]", limits: limits)?.code == .tooDeep)
    #expect(failure("[{\"a\":[[1]]}]", limits: limits)?.code == .tooDeep)
    #expect(failure("\"" + String(repeating: "x", count: 30) + "\"", limits: limits)?.code == .tooLong)
    #expect(failure(String(repeating: "[", count: 1_000_000))?.code == .tooDeep)
    #expect(failure(String(repeating: "{\"a\":", count: 1_000_000))?.code == .tooDeep)
  }

  @Test func aPrefixEndsWhereItsValueEnds() throws {
    let bytes = Array(#"xx{"a": [1, "}"]} and {"b": 2}"#.utf8)
    let (value, end) = try JSONValue.parsePrefix(of: bytes, in: 2..<bytes.count)
    #expect(value == .object([.init("a", .array([.int(1), .string("}")]))]))
    #expect(end == 17)
  }

  @Test func anEndInsideAValueIsToldFromAMistake() throws {
    let text = #"{"a": [1.5e-3, true, null, NaN, -Infinity], "b\n\u00e9": "\ud83d\ude00", "c": {}}"#
    let bytes = Array(text.utf8)
    for end in 0..<bytes.count {
      let error = #expect(throws: JSONError.self) { try JSONValue.parsePrefix(of: bytes, in: 0..<end) }
      #expect(error?.code == .unexpectedEnd, "at \(end): \(String(describing: error))")
    }
    #expect(try JSONValue.parsePrefix(of: bytes, in: 0..<bytes.count).end == bytes.count)
  }

  @Test func randomBytesNeverTrap() {
    var random = SeededGenerator(seed: 11)
    let alphabet = Array("{}[]\",:\\0123456789.eE+-truefalsnNaIinity u\u{1}".utf8) + [0xFF, 0xC3, 0xA9]
    for _ in 0..<20_000 {
      let bytes = (0..<random.nextBelow(40)).map { _ in alphabet[Int(random.nextBelow(UInt64(alphabet.count)))] }
      if let value = try? JSONValue(parsing: bytes) {
        // What is read and written is read as the same text again.
        let text = value.jsonText()
        #expect((try? JSONValue(parsing: text))?.jsonText() == text)
      }
    }
  }
}
