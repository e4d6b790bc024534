import Coordination
import Dashboard
import Foundation
import Presentation
import Simulation
import TestSupport
import Testing
import TuningModel

@Suite("The token, and what the page says of the run")
struct AccessTests {
  @Test("A token is right or wrong at once, and reading tells whether it needs one", arguments: [false, true])
  func access(guardsReading: Bool) async throws {
    try await ServedRun.with(options: PageServer.Options(guardsReading: guardsReading)) { run in
      func access(_ headers: [String]) throws -> String? {
        let answer = try run.get("/api/v1/access", headers)
        #expect(answer.status == 200)
        #expect(try answer.json()["reading_needs_token"] as? Bool == guardsReading)
        return try answer.json()["token"] as? String
      }
      let token = run.server.token
      #expect(try access([]) == "missing")
      #expect(try access(["Authorization: Basic \(token)"]) == "missing")
      #expect(try access(["Authorization: Bearer \(token)"]) == "right")
      for wrong in ["", token + "0", String(token.dropLast()), token.uppercased() + " ", "nonsense"] {
        #expect(try access(["Authorization: Bearer \(wrong)"]) != "right", "\(wrong)")
      }
      #expect(try access(["Authorization: Bearer nonsense"]) == "wrong")
      #expect(try run.request("POST", "/api/v1/access").status == 405)
      #expect(try run.get("/api/v1/run").status == (guardsReading ? 401 : 200))
      let refused = try run.post("{}", token: "nonsense")
      #expect(refused.status == 401 && refused.body.contains("the right one is in the run's file page.token"))
    }
  }

  @Test("More of a limit comes on top of what there is, and the answer says what came of it")
  func extending() async throws {
    try await ServedRun.with(seed: 5, share: 0.5) { run in
      run.change { $0.answers["extend"] = .object([.init("ok", .bool(true))]) }
      let answer = try run.get("/api/v1/run").json()
      let limits = try #require(answer["limits"] as? [[String: Any]])
      var extended = 0
      for name in ["max_num_trials_started", "max_num_evaluations", "max_wallclock_time"] {
        let limit = limits.first { $0["name"] as? String == name }
        let reply = try run.post(#"{"op": "extend", "more": {"\#(name)": 7}}"#)
        guard let limit else {
          // Time is bounded by what the run has been up until now and what is given; other things are not bounded.
          #expect(reply.status == (name == "max_wallclock_time" ? 200 : 409), "\(name): \(reply.body)")
          continue
        }
        extended += 1
        let before = try #require(limit["limit"] as? Double)
        let used = limit["used"] as? Double ?? 0
        #expect(reply.status == 200, "\(reply.body)")
        let asked = try #require(run.questions.last { $0.text("op") == "extend" })
        let given = asked.member(name)
        let number: Double? =
          switch given {
          case .int(let value)?: Double(value)
          case .double(let value)?: value
          default: nil
          }
        #expect(number == max(before, used) + 7, "\(name)")
        #expect(reply.body.contains("\(name): ") && reply.body.contains(" → "), "\(reply.body)")
      }
      #expect(extended > 0)
    }
  }

  @Test("A run that nobody runs is interrupted, one that is over says how it goes on")
  func standing() async throws {
    try await ServedRun.with(seed: 5, share: 0.5) { run in
      func status() throws -> [String: Any] { try run.get("/api/v1/run").json() }
      #expect(try status()["status"] as? String != "interrupted")
      run.change { $0.presence = .none }
      try eventually { try status()["status"] as? String == "interrupted" }
      let answer = try status()
      #expect((answer["reason"] as? String)?.contains("no coordinator runs the run") == true)
      let reason = (answer["commands"] as? [String: Any])?["reason"] as? String
      #expect(reason?.contains("`pasha-coord resume \(answer["run"] as? String ?? "?")` goes on") == true)
      #expect(try run.get("/metrics").body.contains(#"pasha_run_status{run="run",status="interrupted"} 1"#))
    }
    try await ServedRun.with(seed: 13, share: 1) { run in
      run.change { $0.presence = .none }
      let answer = try run.get("/api/v1/run").json()
      guard answer["ended_at"] is Double, ["finished", "failed"].contains(answer["status"] as? String ?? "") else {
        return
      }
      let reason = (answer["commands"] as? [String: Any])?["reason"] as? String
      #expect(reason?.contains("`pasha-coord extend \(answer["run"] as? String ?? "?") --trials N`") == true)
    }
  }

  @Test("A filter goes along with the chosen states and the order, and what is wrong with it is said")
  func filter() async throws {
    try await ServedRun.with(seed: 8, share: 1) { run in
      let whole = try run.get("/api/v1/trials?limit=500").json()
      let rows = try #require(whole["rows"] as? [[String: Any]])
      let wanted = rows.filter { ($0["resource"] as? Int ?? 0) >= 3 && $0["status"] as? String == "paused" }
      let found = try run.get("/api/v1/trials?limit=500&status=paused&filter=resource%3E%3D3").json()
      #expect(found["matched"] as? Int == wanted.count && found["total"] as? Int == rows.count)
      #expect(
        (found["rows"] as? [[String: Any]])?.map { $0["trial"] as? Int } == wanted.map { $0["trial"] as? Int })
      let wrong = try run.get("/api/v1/trials?filter=los%3C3")
      #expect(wrong.status == 400 && wrong.body.contains("there is no column or hyperparameter `los`; there are"))
    }
  }
}
