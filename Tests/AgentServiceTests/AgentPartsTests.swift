import CodeTree
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import AgentService

@Suite struct AgentPartsTests {
  @Test func attemptsOfATrialOnlyGrow() throws {
    let folder = TemporaryFolder("trial")
    let trial = TrialFolder(folder.file("7"))
    try trial.make()
    #expect(try trial.claim(Attempt(2)))
    // Claimed and never carried out: a repeated start is the same start.
    #expect(try trial.claim(Attempt(2)))
    #expect(try !trial.claim(Attempt(1)))
    try folder.write("7/attempts/2/plan", "")
    #expect(try !trial.claim(Attempt(2)))
    #expect(try trial.claim(Attempt(3)))
    #expect(trial.highestAttempt == Attempt(3))
    try folder.write("7/attempt", "rubbish")
    #expect(trial.highestAttempt == nil)
  }

  @Test func hostsAndPortsAreReadOrRefused() {
    #expect(HostAndPort("box") == HostAndPort(host: "box", port: nil))
    #expect(HostAndPort("10.0.0.1:4711") == HostAndPort(host: "10.0.0.1", port: 4711))
    #expect(HostAndPort("[::1]:5") == HostAndPort(host: "::1", port: 5))
    #expect(HostAndPort("[::1]") == HostAndPort(host: "::1", port: nil))
    #expect(HostAndPort("fe80::1") == HostAndPort(host: "fe80::1", port: nil))
    for text in ["", ":5", "h:", "h:0", "h:65536", "h:x", "[::1", "[]:5", "[::1]5", "a b", "tcp://h:5"] {
      #expect(HostAndPort(text) == nil, "\(text)")
    }
  }

  @Test func tokensGiveBackWhatTheyWereMadeOf() throws {
    let token = JoinToken(
      run: "digits-2026", host: "höst.example", controlPort: 40_001, bulkPort: 65_535,
      serverKey: String(repeating: "a", count: 40), joinSecretKey: String(repeating: "}", count: 40))
    #expect(try JoinToken(parsing: token.text) == token)
    #expect(try JoinToken(parsing: "  \(token.text.prefix(30))\r\n\(token.text.dropFirst(30))\n") == token)
    #expect(token.text.allSatisfy { $0.isASCII && !$0.isWhitespace })
  }

  @Test func everySlipInATokenIsNoticed() throws {
    let token = JoinToken(
      run: "r", host: "h", controlPort: 1, bulkPort: 2, serverKey: String(repeating: "a", count: 40),
      joinSecretKey: String(repeating: "b", count: 40)
    ).text
    func code(_ text: String) -> JoinTokenError.Code? {
      do throws(JoinTokenError) {
        _ = try JoinToken(parsing: text)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(" \n") == .empty)
    #expect(code("pasha2:" + token.dropFirst(7)) == .notAToken)
    for place in 7..<token.count {
      var letters = Array(token)
      letters[place] = letters[place] == "A" ? "B" : "A"
      #expect(code(String(letters)) == .damaged, "changed at \(place)")
      letters.remove(at: place)
      #expect(code(String(letters)) == .damaged, "cut at \(place)")
    }
    #expect(code(token + "A") == .damaged)
    #expect(code("pasha1:") == .damaged)
  }

  @Test func theLogIsTurnedOverAtItsBoundAndKeepsOneLineEach() throws {
    let folder = TemporaryFolder("log")
    let log = AgentLog(folder.file("log"), echoes: false, limit: 200)
    for number in 0..<20 { log.write("line \(number)\nof two") }
    let text = try #require(folder.read("log"))
    #expect(text.contains("Z line 19 of two\n") && text.utf8.count < 300)
    #expect(folder.read("log.1") != nil)
    #expect(AgentLog.time(Timestamp(microseconds: 1_000_000_000_000_000)) == "2001-09-09T01:46:40Z")
  }
}
