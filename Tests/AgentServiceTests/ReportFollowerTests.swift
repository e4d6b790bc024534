import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import AgentService

@Suite struct ReportFollowerTests {
  private let folder = TemporaryFolder("log")

  private func append(_ text: String) throws {
    let before = folder.read("std.out") ?? ""
    try folder.write("std.out", before + text)
  }

  private func lines(_ range: ClosedRange<Int>) -> String {
    range.map { "[tune-metric]: {\"epoch\": \($0)}\n" }.joined()
  }

  private func follower(after: Int = 0, credit: Int = 100) -> ReportFollower {
    ReportFollower(name(0), path: folder.file("std.out"), neededKeys: ["epoch"], after: after, credit: credit)
  }

  @Test func noMoreIsDeliveredThanThereIsCreditFor() throws {
    try append(lines(1...10))
    let follower = follower(credit: 3)
    #expect(follower.read().map(\.sequence) == [1, 2, 3])
    #expect(!follower.hasWork)
    #expect(follower.read().isEmpty)
    follower.grant(2)
    #expect(follower.read().map(\.sequence) == [4, 5])
    follower.grant(100)
    #expect(follower.read().map(\.sequence) == [6, 7, 8, 9, 10])
  }

  @Test func aFileThatIsNotThereYetIsReadWhenItComes() throws {
    let follower = follower()
    #expect(follower.read().isEmpty)
    try append(lines(1...1))
    follower.isDirty = true
    #expect(follower.read().map(\.sequence) == [1])
  }

  @Test func aHalfLineWaitsForItsEndAndCountsForNothingWhenItNeverComes() throws {
    try append(lines(1...1) + "[tune-metric]: {\"ep")
    let follower = follower()
    #expect(follower.read().map(\.sequence) == [1])
    try append("och\": 2}\n[tune-metric]: {\"epoch\"")
    follower.isDirty = true
    #expect(follower.read().map(\.sequence) == [2])
    follower.isFinal = true
    follower.isDirty = true
    #expect(follower.read().isEmpty && follower.isFinished)
  }

  @Test func itIsFinishedOnlyWhenAllWasDelivered() throws {
    try append(lines(1...4))
    let follower = follower(credit: 4)
    follower.isFinal = true
    #expect(follower.read().count == 4)
    #expect(!follower.isFinished)
    follower.grant(1)
    #expect(follower.read().isEmpty && follower.isFinished)
  }

  @Test func reportsThatTheJournalHoldsArePassedOver() throws {
    try append(lines(1...5))
    #expect(follower(after: 3).read().map(\.sequence) == [4, 5])
    #expect(ReportFollower.count(folder.file("std.out")) == 5)
    #expect(ReportFollower.count(folder.file("none")) == 0)
  }

  @Test func aLinkInPlaceOfTheLogIsNotFollowed() throws {
    try folder.write("secret", lines(1...3))
    try Files.makeLink(folder.file("std.out"), to: folder.file("secret"))
    #expect(follower().read().isEmpty)
  }
}
