import Coordination
import Testing

@testable import ClusterFile

struct NotificationsTests {
  private func targets(_ text: String) throws -> [NotificationTarget] {
    try Fixture.decode(Fixture.file(rest: "notifications: \(text)")).specification.notifications
  }

  private func mistakes(_ text: String) -> [String] {
    Fixture.mistakes(Fixture.file(rest: "notifications: \(text)")).map {
      $0.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
    }
  }

  @Test("targets are read with their news and their intervals")
  func targets() throws {
    #expect(try Fixture.decode(Fixture.file(rest: "")).specification.notifications.isEmpty)
    #expect(try targets("[]").isEmpty)
    #expect(
      try targets("[{command: ./tell.sh}]") == [
        NotificationTarget(way: .command("./tell.sh"), news: Set(News.allCases), every: .seconds(60))
      ])
    #expect(
      try targets(
        "[{webhook: 'https://h.example/x?y=1', headers: {Authorization: 'Bearer ${T}'}, on: [finish, host_lost], every: 5m}]"
      ) == [
        NotificationTarget(
          way: .webhook(
            "https://h.example/x?y=1", headers: [NotificationTarget.Header(name: "Authorization", value: "Bearer ${T}")]
          ),
          news: [.finish, .hostLost], every: .seconds(300))
      ])
    #expect(try targets("[{webhook: '${SLACK}'}, {webhook: 'http://[::1]:80/'}, {command: a, every: 0s}]").count == 3)
  }

  @Test("what is wrong with a target is told with its place and the way out")
  func wrong() {
    #expect(
      mistakes("5") == ["notifications must be a list such as [{webhook: https://…, on: [finish, failure]}], not 5"])
    #expect(mistakes("[tell.sh]") == ["notifications[0] must be a map such as {command: ./tell.sh}, not tell.sh"])
    #expect(
      mistakes("[{on: [finish]}]") == [
        "notifications[0] must have command, a shell command, or webhook, an address to which JSON is posted"
      ])
    #expect(
      mistakes("[{command: a, webhook: 'https://b'}]") == [
        "notifications[0].webhook and command cannot be given together: make two elements of them"
      ])
    #expect(
      mistakes("[{command: a, headers: {A: b}}]") == [
        "notifications[0].headers is for webhook; write that, or remove headers"
      ])
    for address in ["example.org", "ftp://x", "https://", "https:///x", "'https://a b'"] {
      #expect(
        mistakes("[{webhook: \(address)}]").first?.hasPrefix(
          "notifications[0].webhook must be an address such as https://hooks.example.org/abc, or ${NAME}") == true,
        "\(address)")
    }
    #expect(
      mistakes("[{command: a}, {command: b, on: [finished]}]") == [
        "notifications[1].on must hold new_best, finish, pause, host_lost or failure, not finished; did you mean finish?"
      ])
    #expect(
      mistakes("[{command: a, on: []}]") == ["notifications[0].on must not be empty; without it all news are told"])
    #expect(mistakes("[{command: a, comand: b}]") == ["notifications[0].comand is not a key; did you mean command?"])
    #expect(
      mistakes("[{webhook: 'https://a', headers: {'a b': c}}]") == [
        "notifications[0].headers must have names of headers, as Authorization, not 'a b'"
      ])
    #expect(
      mistakes("[{webhook: 'https://a', headers: {a: \"x\\ny\"}}]") == [
        "notifications[0].headers.a must be one line of text"
      ])
    #expect(mistakes("[{command: a, every: soon}]").count == 1)
    #expect(mistakes("[" + Array(repeating: "{command: a}", count: 101).joined(separator: ",") + "]").count == 1)
  }
}
