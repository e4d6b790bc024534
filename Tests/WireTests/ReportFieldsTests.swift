import Testing
import TuningModel
import Wire

@Suite struct ReportFieldsTests {
  private let fields: [JSONValue.Member] = [
    .init("int", .int(3)), .init("whole", .double(3)), .init("half", .double(3.5)), .init("text", .string("3")),
    .init("truth", .bool(true)), .init("none", .null), .init("list", .array([.int(3)])), .init("nan", .double(.nan)),
    .init("huge", .double(1e300)), .init("negative", .int(-1)),
  ]

  @Test func numbersAreNumbersAlone() {
    #expect(ReportFields.number("int", in: fields) == 3)
    #expect(ReportFields.number("half", in: fields) == 3.5)
    #expect(ReportFields.number("nan", in: fields)?.isNaN == true)
    for name in ["text", "truth", "none", "list", "missing"] {
      #expect(ReportFields.number(name, in: fields) == nil)
    }
  }

  @Test func wholeNumbersMayBeWrittenWithAFraction() {
    #expect(ReportFields.wholeNumber("int", in: fields) == 3)
    #expect(ReportFields.wholeNumber("whole", in: fields) == 3)
    #expect(ReportFields.wholeNumber("negative", in: fields) == -1)
    for name in ["half", "text", "truth", "none", "list", "nan", "huge", "missing"] {
      #expect(ReportFields.wholeNumber(name, in: fields) == nil)
    }
  }

  @Test func ordinaryReportsAreKeptAsTheyAre() {
    let (kept, isTruncated) = ReportFields.limited(fields, needed: ["int"])
    #expect(kept.map(\.key) == fields.map(\.key))
    #expect(!isTruncated)
  }

  @Test func ofTenThousandKeysTheFirstAndTheNeededAreKept() {
    let many = (0..<10_000).map { JSONValue.Member("metric\($0)", .int($0)) }
    let (kept, isTruncated) = ReportFields.limited(many, needed: ["metric9999", "missing"])
    #expect(isTruncated)
    #expect(kept.count == 256)
    #expect(kept[0].key == "metric0")
    #expect(kept[254].key == "metric254")
    #expect(kept[255].key == "metric9999")
  }

  @Test func longKeysAreLeftOut() {
    let long = String(repeating: "k", count: 257)
    let (kept, isTruncated) = ReportFields.limited([.init(long, .int(1)), .init("epoch", .int(2))])
    #expect(isTruncated)
    #expect(kept == [.init("epoch", .int(2))])
    #expect(ReportFields.limited([.init(long, .int(1))], needed: [long]).fields.count == 1)
  }
}
