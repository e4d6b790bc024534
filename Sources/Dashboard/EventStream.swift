import Chronicle
import Coordination
import HTTPTypes
import HostSystem
import Hummingbird
import NIOCore
import Presentation
import TuningModel

/// News, as server-sent events (the HTML standard, section 9.2).
extension Answers {
  /// `changed` comes twice a second at most.
  static let pause = Duration.milliseconds(500)
  /// Lines of one such piece of time at most: 50 a second.
  static let linesAtOnce = 25
  /// Lines after a `Last-Event-ID` at most.
  static let linesOfPast = 500

  func stream(_ request: Request, _ context: PageContext) throws -> Response {
    var last: Int?
    if let text = request.headers[.lastEventID] {
      guard let number = QueryReader.whole(text), (0...9_007_199_254_740_991).contains(number) else {
        throw APIError(.badRequest, "Last-Event-ID must be a whole number")
      }
      last = number
    }
    var headers: HTTPFields = [.contentType: "text/event-stream"]
    if request.method == .head { return Response(status: .ok, headers: headers) }
    guard let subscription = hub.subscribe() else {
      throw APIError(.unavailable, "\(Hub.mostStreams) streams are open already")
    }
    headers[.cacheControl] = "no-store"
    let channel = context.channel
    let (archive, coordinator, hub, lastLine) = (archive, coordinator, hub, last)
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        // A connection that ends while nothing is written ends the stream as well.
        channel.closeFuture.whenComplete { _ in hub.leave(subscription) }
        defer { hub.leave(subscription) }
        var feed = Feed(archive: archive, coordinator: coordinator, lastLine: lastLine)
        try await writer.write(ByteBuffer(string: ": pasha\n\n" + feed.news(limit: Self.linesOfPast)))
        try await Task.sleep(for: Self.pause)
        for await _ in subscription.signals {
          let text = feed.news(limit: Self.linesAtOnce)
          try await writer.write(ByteBuffer(string: text.isEmpty ? ": \n\n" : text))
          try await Task.sleep(for: Self.pause)
        }
        if hub.isOver { try await writer.write(ByteBuffer(string: "event: end\ndata: {}\n\n")) }
        try await writer.finish(nil)
      })
  }
}

/// What one stream has been told.
private struct Feed {
  let archive: Archive
  let coordinator: CoordinatorDesk
  private var sequence = -1
  private var lastLine: Int

  /// - Parameter lastLine: nil: lines from now on.
  init(archive: Archive, coordinator: CoordinatorDesk, lastLine: Int?) {
    self.archive = archive
    self.coordinator = coordinator
    self.lastLine = lastLine ?? archive.look { $0.events.last }
  }

  mutating func news(limit: Int) -> String {
    let known = (sequence, lastLine)
    let (now, status, events, newest) = archive.look { chronicle in
      let events = known.1 < chronicle.events.last ? Self.newest(chronicle.events, after: known.1, limit) : []
      let status = Presentation.runStatus(chronicle.state, service: coordinator.knownPresence)
      return (chronicle.sequence, status, events, chronicle.events.last)
    }
    var text = ""
    for event in events {
      var writer = JSONWriter()
      writer.object { Answers.write(event, &$0) }
      text += "event: line\nid: \(event.sequence)\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n"
    }
    lastLine = max(lastLine, newest)
    if now != sequence {
      sequence = now
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("sequence", now)
        writer.member("now", HostClock.wall.seconds)
        writer.member("status", status)
      }
      text += "event: changed\nid: \(now)\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n"
    }
    return text
  }

  private static func newest(_ log: EventLog, after sequence: Int, _ limit: Int) -> [EventLog.Event] {
    log.events(.newest, limit: limit).filter { $0.sequence > sequence }
  }
}
