import Foundation
import Testing
import TuningModel

@Suite struct JSONTextTests {
  /// A random value without what JSON proper does not have.
  private func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch random.nextBelow(depth > 3 ? 5 : 7) {
    case 0: return .null
    case 1: return .bool(random.nextBelow(2) == 0)
    case 2: return .int(Int(truncatingIfNeeded: random.nextBits()) >> random.nextBelow(64))
    case 3:
      let value = Double(bitPattern: random.nextBits())
      return .double(value.isFinite ? value : 0.5)
    case 4: return .string(randomText(&random))
    case 5: return .array((0..<random.nextBelow(5)).map { _ in randomValue(&random, depth: depth + 1) })
    default:
      return .object(
        (0..<random.nextBelow(5)).map { .init("\($0)\(randomText(&random))", randomValue(&random, depth: depth + 1)) })
    }
  }

  private func randomText(_ random: inout SeededGenerator) -> String {
    let scalars: [Unicode.Scalar] = ["a", "é", "\"", "\\", "/", "\n", "\u{0}", "\u{7F}", "😀", "\u{2028}", "~", " "]
    var text = ""
    for _ in 0..<random.nextBelow(8) {
      text.unicodeScalars.append(scalars[Int(random.nextBelow(UInt64(scalars.count)))])
    }
    return text
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<2000 {
      let value = randomValue(&random, depth: 0)
      for style in [JSONStyle.compact, .strict, .python] {
        #expect(try JSONValue(parsing: value.jsonText(style)) == value)
      }
    }
  }

  @Test func foundationReadsWhatIsWritten() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<1000 {
      let value = randomValue(&random, depth: 0)
      for style in [JSONStyle.strict, .python] {
        let theirs = try JSONSerialization.jsonObject(with: Data(value.jsonBytes(style)), options: .fragmentsAllowed)
        #expect(isSame(theirs, value), "\(value.jsonText(style))")
      }
    }
  }

  @Test func whatFoundationWritesIsRead() throws {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<1000 {
      let value = JSONValue.array([randomValue(&random, depth: 0)])
      let theirs = try JSONSerialization.jsonObject(with: Data(value.jsonBytes(.strict)), options: .fragmentsAllowed)
      let text = try JSONSerialization.data(withJSONObject: theirs, options: [.sortedKeys])
      #expect(isSame(theirs, try JSONValue(parsing: Array(text))))
    }
  }

  private func isSame(_ theirs: Any, _ value: JSONValue) -> Bool {
    switch value {
    case .null: theirs is NSNull
    case .bool(let value): (theirs as? Bool) == value
    case .int(let value): (theirs as? NSNumber)?.int64Value == Int64(value)
    // Foundation reads numbers by way of decimals and may be off by the last bit.
    case .double(let value): ((theirs as? NSNumber)?.doubleValue).map { abs($0 - value) <= 1e-14 * abs(value) } ?? false
    case .string(let value): (theirs as? String) == value
    case .array(let values):
      if let theirs = theirs as? [Any], theirs.count == values.count {
        zip(theirs, values).allSatisfy { isSame($0, $1) }
      } else {
        false
      }
    case .object(let members):
      if let theirs = theirs as? [String: Any], theirs.count == members.count {
        members.allSatisfy { member in theirs[member.key].map { isSame($0, member.value) } ?? false }
      } else {
        false
      }
    }
  }

  @Test func stylesAreAsTheyShouldBe() {
    let value = JSONValue.object([
      .init("a", .array([.int(1), .double(0.1), .double(.nan), .double(-.infinity)])),
      .init("é\u{7F}😀\u{1}", .bool(true)),
    ])
    #expect(value.jsonText(.compact) == "{\"a\":[1,0.1,NaN,-Infinity],\"é\u{7F}😀\\u0001\":true}")
    #expect(value.jsonText(.strict) == "{\"a\":[1,0.1,null,null],\"é\u{7F}😀\\u0001\":true}")
    #expect(
      value.jsonText(.python)
        == #"{"a": [1, 0.1, NaN, -Infinity], "\u00e9\u007f\ud83d\ude00\u0001": true}"#)
  }

  /// `repr` of Python 3.11.
  @Test(arguments: [
    (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (1e-4, "0.0001"), (1e-5, "1e-05"),
    (1.5e-7, "1.5e-07"), (123456789.125, "123456789.125"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
    (9999999999999998, "9999999999999998.0"), (12345678901234568, "1.2345678901234568e+16"), (1e22, "1e+22"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (.leastNonzeroMagnitude, "5e-324"),
    (2.2250738585072014e-308, "2.2250738585072014e-308"),
    (0.601238451846789, "0.601238451846789"), (1795455629.7575648, "1795455629.7575648"),
    (1.0 / 3, "0.3333333333333333"),
    (100, "100.0"), (1e100, "1e+100"), (0x1p53, "9007199254740992.0"), (.nan, "nan"), (.infinity, "inf"),
    (-.infinity, "-inf"),
  ])
  func doublesAreWrittenAsPythonDoes(value: Double, text: String) {
    #expect(PythonNumber.text(value) == text)
  }

  @Test func doublesComeBackToTheBit() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.nextBits())
      guard value.isFinite else { continue }
      let text = PythonNumber.text(value)
      #expect(Double(text)?.bitPattern == value.bitPattern)
      #expect(try JSONValue(parsing: text) == .double(value))
    }
  }

  @Test func aSyneTuneReportIsWrittenAsItCame() throws {
    let text =
      #"{"epoch": 1, "error": 0.601238451846789, "note": "ok", "st_worker_timestamp": 1795455629.7575648, "#
      + #""st_worker_time": 0.0218375769998147, "st_worker_iter": 0, "x": NaN, "y": -Infinity, "z": [1e-05, null]}"#
    #expect(try JSONValue(parsing: text).jsonText(.python) == text)
  }
}
