import Coordination
import Presentation
import Testing
import TuningModel

struct NewsDeskTests {
  private let all = NotificationTarget(way: .command("a"), every: .seconds(60))

  private func event(_ sequence: Int, _ news: News?) -> RunEvent {
    RunEvent(
      sequence: sequence, stamp: Stamp(wall: Timestamp(microseconds: 0), active: .zero), kind: "k", news: news,
      message: "message \(sequence)")
  }

  private func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

  @Test func theFirstIsToldAtOnceAndTheNextTogetherAfterTheInterval() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .failure)], at: at(10))
    let first = try #require(desk.next(at: at(10)))
    #expect(first.message == "message 1")
    desk.took(first, isTold: true, at: at(10))
    for sequence in 2...30 { desk.add([event(sequence, .failure)], at: at(20)) }
    #expect(desk.next(at: at(69)) == nil)
    #expect(desk.nextTime == at(70))
    let second = try #require(desk.next(at: at(70)))
    #expect(second.count == 29)
    #expect(second.message == (2...11).map { "message \($0)" }.joined(separator: "\n") + "\nand 19 more")
    #expect(second.events.last?.sequence == 30)
    #expect(desk.done == 1)
    desk.took(second, isTold: true, at: at(71))
    #expect(desk.done == 30)
    #expect(desk.waiting == 0)
  }

  @Test func ofBestValuesTheNewestCounts() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .newBest), event(2, .newBest), event(3, nil)], at: at(0))
    let parcel = try #require(desk.next(at: at(0)))
    #expect(parcel.message == "message 2")
    #expect(parcel.count == 2)
  }

  @Test func theEndOfARunIsToldAtOnce() throws {
    var desk = NewsDesk([all])
    for (index, news) in [News.pause, .pause, .finish].enumerated() {
      desk.add([event(index + 1, news)], at: at(Int64(index)))
      let parcel = try #require(desk.next(at: at(Int64(index))))
      #expect(parcel.news == news)
      desk.took(parcel, isTold: true, at: at(Int64(index)))
    }
  }

  @Test func whatWaitsIsToldBeforeTheEnd() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .newBest)], at: at(0))
    desk.took(try #require(desk.next(at: at(0))), isTold: true, at: at(0))
    desk.add([event(2, .newBest), event(3, .finish)], at: at(5))
    for sequence in [2, 3] {
      let parcel = try #require(desk.next(at: at(5)))
      #expect(parcel.events.map(\.sequence) == [sequence])
      desk.took(parcel, isTold: true, at: at(5))
    }
  }

  @Test func targetsHearWhatTheyAskedFor() {
    var desk = NewsDesk([
      NotificationTarget(way: .command("a"), news: [.finish]),
      NotificationTarget(way: .command("b"), news: [.hostLost]),
    ])
    desk.add([event(1, .hostLost), event(2, .failure), event(3, .finish)], at: at(0))
    #expect(desk.waiting == 2)
  }

  @Test func whatWasNotTakenIsTriedAgainLaterAndAtLastGivenUp() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .finish)], at: at(0))
    var now = at(0)
    var waits: [Duration] = []
    for tries in 1...6 {
      let parcel = try #require(desk.next(at: now))
      let isGivenUp = desk.took(parcel, isTold: false, at: now)
      #expect(isGivenUp == (tries == 6))
      #expect(desk.next(at: now) == nil)
      if let next = desk.nextTime {
        waits.append(next - now)
        now = next
      }
    }
    #expect(waits == [.seconds(2), .seconds(8), .seconds(32), .seconds(128), .seconds(300)])
    #expect(desk.done == 1)
  }

  @Test func whileOneIsTriedAgainNewOnesWaitBehindIt() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .failure)], at: at(0))
    desk.took(try #require(desk.next(at: at(0))), isTold: false, at: at(0))
    desk.add([event(2, .failure)], at: at(1))
    #expect(desk.waiting == 2)
    #expect(desk.done == 0)
    #expect(desk.next(at: at(2))?.events.first?.sequence == 1)
  }

  @Test func atTheEndAllIsToldInOrder() throws {
    var desk = NewsDesk([all])
    desk.add([event(1, .failure)], at: at(0))
    desk.took(try #require(desk.next(at: at(0))), isTold: true, at: at(0))
    desk.add([event(2, .failure), event(3, .newBest), event(4, .finish)], at: at(1))
    desk.hurry()
    var order: [Int] = []
    while let parcel = desk.next(at: at(1)) {
      order += parcel.events.map(\.sequence)
      desk.took(parcel, isTold: true, at: at(1))
    }
    #expect(order == [2, 3, 4])
    // What is not taken then is tried again as ever.
    desk.add([event(5, .finish)], at: at(2))
    desk.took(try #require(desk.next(at: at(2))), isTold: false, at: at(2))
    #expect(desk.nextTime == at(4))
  }

  @Test func ofOtherTargetsTheOldOnesHearNothingMore() {
    var desk = NewsDesk([all])
    desk.add([event(1, .failure)], at: at(0))
    desk.change([NotificationTarget(way: .command("b"))])
    #expect(desk.waiting == 0)
    #expect(desk.done == 1)
  }

  @Test func theMessageOfAWebhookHoldsTheEvent() throws {
    var desk = NewsDesk([all])
    var best = event(7, .newBest)
    best.trial = TrialID(3)
    best.details = [.init("value", .double(0.5))]
    desk.add([best], at: at(0))
    #expect(
      try #require(desk.next(at: at(0))).json(run: "r").jsonText(.strict)
        == #"{"event":"new_best","run":"r","sequence":7,"time":"1970-01-01T00:00:00.000Z","trial":3,"value":0.5,"count":1,"#
        + #""message":"message 7","text":"r: message 7","content":"r: message 7"}"#)
  }

  @Test func linesTellTheTimeInMillisecondsOfUTC() {
    for (time, text) in [
      (0, "1970-01-01T00:00:00.000Z"), (1_700_000_000_123_999, "2023-11-14T22:13:20.123Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
    ] {
      var event = event(1, nil)
      event.stamp = Stamp(wall: Timestamp(microseconds: Int64(time)), active: .zero)
      #expect(
        event.json.jsonText(.strict) == #"{"sequence":1,"time":"\#(text)","event":"k","message":"message 1"}"#)
    }
  }
}
