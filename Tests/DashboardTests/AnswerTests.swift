import Coordination
import Dashboard
import Foundation
import Presentation
import Scheduling
import Simulation
import TestSupport
import Testing
import TuningModel

@Suite("The API of a run")
struct AnswerTests {
  private static let paths = [
    "/api/v1/run", "/api/v1/best", "/api/v1/best?x=resource&points=2&results=10", "/api/v1/curves",
    "/api/v1/curves?which=spread&trials=3&points=2", "/api/v1/curves?which=running",
    "/api/v1/curves?which=ids&ids=0,1,999", "/api/v1/ladder", "/api/v1/configurations?rows=2", "/api/v1/importance",
    "/api/v1/timeline", "/api/v1/timeline?width=16&lanes=1&offset=1", "/api/v1/trials",
    "/api/v1/trials?sort=value&order=best&limit=2&offset=1&status=paused,running", "/api/v1/trials?text=a",
    "/api/v1/trials/0", "/api/v1/trials/0/curve?points=3", "/api/v1/trials/0/log", "/api/v1/trials/0/explanation",
    "/api/v1/trials?filter=%230%20resource%3E%3D0", "/api/v1/access",
    "/api/v1/hosts", "/api/v1/events", "/api/v1/events?after=0&limit=3&severity=notice", "/healthz",
  ]

  @Test("is answered at every moment of a run", arguments: [(5, 0.0), (5, 0.3), (8, 0.7), (13, 1.0)])
  func everything(seed: UInt64, share: Double) async throws {
    try await ServedRun.with(seed: seed, share: share) { run in
      let hasTrials = try run.get("/api/v1/trials").json()["total"] as? Int ?? 0 > 0
      for path in Self.paths {
        let answer = try run.get(path)
        let isMissing = path.contains("/trials/") && !hasTrials
        #expect(answer.status == (isMissing ? 404 : 200), "\(path): \(answer.body)")
        _ = try answer.json()
        #expect(answer.headers["content-type"] == "application/json")
        #expect(answer.headers["cache-control"] == "no-store")
      }
      let metrics = try run.get("/metrics")
      #expect(metrics.status == 200 && metrics.body.contains("pasha_trials{run=\"run\",status=\"running\"}"))
      for line in metrics.body.split(separator: "\n") where !line.hasPrefix("#") {
        #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
      }
    }
  }

  @Test("says the same as the run's state")
  func sameAsState() async throws {
    try await ServedRun.with(seed: 8, share: 1) { run in
      var state = try RunState(specification: FaultedRun.specification(8))
      for fact in run.facts { state.apply(fact) }
      let answer = try run.get("/api/v1/run").json()
      #expect(answer["status"] as? String == Presentation.runStatus(state))
      #expect(answer["sequence"] as? Int == run.facts.count)
      let totals = try #require(answer["totals"] as? [String: Any])
      #expect(totals["trials"] as? Int == state.trials.count)
      #expect(totals["reports"] as? Int == state.totals.reports)
      let rows = try #require(try run.get("/api/v1/trials?limit=500").json()["rows"] as? [[String: Any]])
      #expect(rows.map { $0["status"] as? String } == state.trials.map(\.status.word))
      #expect(rows.map { $0["resource"] as? Int } == state.trials.map(\.resource))
      #expect(rows.map { $0["attempt"] as? Int } == state.trials.map { $0.attempt?.rawValue ?? 0 })
      // Each ended attempt has its words from the journal.
      for index in state.trials.indices {
        let attempts = try #require(try run.get("/api/v1/trials/\(index)").json()["attempts"] as? [[String: Any]])
        for attempt in attempts { #expect((attempt["text"] as? String == "") == (attempt["ended"] is NSNull)) }
      }
    }
  }

  @Test("has no number for Prometheus that Docs/page.md leaves out")
  func metricsAreDocumented() async throws {
    let page = try String(contentsOf: repositoryRoot().appendingPathComponent("Docs/page.md"), encoding: .utf8)
    try await ServedRun.with(seed: 8, share: 1) { run in
      let text = try run.get("/metrics").body
      let names = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
      #expect(names.count > 15)
      for name in names { #expect(page.contains("`\(name)`"), "\(name)") }
    }
  }

  @Test("counts requests by their route, however many trials there are and whatever methods are made up")
  func requestMetrics() async throws {
    try await ServedRun.with(seed: 8, share: 1) { run in
      for trial in 0..<3 { _ = try run.get("/api/v1/trials/\(trial)") }
      _ = try run.request("HEAD", "/api/v1/run")
      _ = try run.request("BREW", "/api/v1/run")
      _ = try run.get("/api/v1/nothing/\(UInt64.max)")
      func metrics() throws -> String { try run.get("/metrics").body }
      try eventually {
        try metrics().contains("http_server_active_requests{run=\"run\",http_request_method=\"HEAD\"} 0\n")
      }
      let text = try metrics()
      let labels = "{run=\"run\",http_route=\"/api/v1/trials/{trial}\",http_request_method=\"GET\","
      #expect(text.contains("hb_requests_total\(labels)http_response_status_code=\"200\"} 3\n"), "\(text)")
      #expect(
        text.contains("http_server_request_duration_seconds_count\(labels)http_response_status_code=\"200\"} 3\n"))
      #expect(text.contains("le=\"+Inf\"} 3\n"))
      #expect(text.contains("http_server_active_requests{run=\"run\",http_request_method=\"GET\"} 1\n"))
      #expect(text.contains("http_route=\"Unknown\"") && !text.contains("nothing") && !text.contains("BREW"))
      // What is not there any more is not told, and nothing is counted twice by being read.
      let counted = text.split(separator: "\n").filter { $0.hasPrefix("pasha_") && !$0.contains("page_requests") }
      let again = try metrics().split(separator: "\n").filter {
        $0.hasPrefix("pasha_") && !$0.contains("page_requests")
      }
      #expect(counted == again)
    }
  }

  @Test("grows with the journal, and streams tell of it")
  func following() async throws {
    try await ServedRun.with(seed: 5, share: 0.3) { run in
      let client = try RawClient(port: run.port)
      try client.send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost:\(run.port)\r\nLast-Event-ID: 0\r\n\r\n")
      let first = try client.read(upTo: "event: changed", within: .seconds(10))
      #expect(first.contains("text/event-stream") && first.contains("event: line\nid: 1\n"))
      let known = run.journal.lastSequence
      try run.append(40)
      let second = try client.read(upTo: "id: \(known + 40)\ndata:", within: .seconds(10))
      #expect(second.contains("event: changed"))
      #expect(try run.get("/api/v1/run").json()["sequence"] as? Int == known + 40)
      run.server.finish()
      #expect(try client.read(upTo: "event: end", within: .seconds(10)).contains("event: end\ndata: {}"))
    }
  }

  @Test("refuses parameters that it does not name, twice, or out of range")
  func parameters() async throws {
    try await ServedRun.with { run in
      for path in [
        "/api/v1/run?x=1", "/api/v1/best?x=time&x=time", "/api/v1/best?x=space", "/api/v1/best?points=1",
        "/api/v1/best?points=+5", "/api/v1/best?points=", "/api/v1/best?points=5e1",
        "/api/v1/best?points=9999999999999999999",
        "/api/v1/curves?which=ids", "/api/v1/curves?ids=1", "/api/v1/curves?which=ids&ids=1,,2",
        "/api/v1/curves?which=ids&ids=-1", "/api/v1/timeline?from=nan", "/api/v1/timeline?from=0x10",
        "/api/v1/timeline?from=5&to=4", "/api/v1/trials?sort=parameter", "/api/v1/trials?parameter=lr",
        "/api/v1/trials?sort=parameter&parameter=nothing", "/api/v1/trials?status=running,running",
        "/api/v1/trials?filter=", "/api/v1/trials?filter=nothing%3D1", "/api/v1/trials?filter=%23x",
        "/api/v1/trials?filter=\(String(repeating: "a", count: 501))", "/api/v1/access?x=1",
        "/api/v1/trials?status=gone", "/api/v1/trials?text=%ff", "/api/v1/trials?text=%g0", "/api/v1/trials?text=%",
        "/api/v1/events?before=0", "/api/v1/events?before=1&after=1", "/api/v1/trials/0/log?offset=-65537",
      ] {
        let answer = try run.get(path)
        #expect(answer.status == 400 && answer.errorCode == "bad_request", "\(path): \(answer.status) \(answer.body)")
      }
      #expect(try run.get("/api/v1/stream", ["Last-Event-ID: x"]).status == 400)
      #expect(try run.get("/api/v1/trials?text=%c3%A9+b").status == 200)
    }
  }

  @Test("hands commands to the coordinator, and says what cannot be done")
  func commands() async throws {
    try await ServedRun.with(seed: 5, share: 0.5) { run in
      let done = JSONValue.object([.init("ok", .bool(true))])
      run.change { made in
        for operation in ["pause", "stop", "drain_host", "return_host", "extend"] { made.answers[operation] = done }
      }
      let host = try #require(
        (try run.get("/api/v1/hosts").json()["hosts"] as? [[String: Any]])?.first?["host"] as? String)
      for (body, operation) in [
        (#"{"op": "pause_run"}"#, "pause"), (#"{"op": "stop_run"}"#, "stop"),
        (#"{"op": "drain_host", "host": "\#(host)"}"#, "drain_host"),
        (#"{"op": "add_host", "host": "\#(host)"}"#, "return_host"),
        (#"{"op": "extend", "max_num_trials_started": 1000000, "max_wallclock_time": 2.5e8}"#, "extend"),
      ] {
        let answer = try run.post(body)
        #expect(answer.status == 200, "\(body): \(answer.body)")
        #expect(run.questions.last?.text("op") == operation)
      }
      run.change { $0.answers["enqueue"] = .object([.init("trial", .int(7))]) }
      let enqueued = try run.post(#"{"op": "enqueue", "configuration": {"x": 0.5}}"#)
      #expect(try enqueued.status == 200 && enqueued.json()["trial"] as? Int == 7, "\(enqueued.body)")
      let outside = try run.post(#"{"op": "enqueue", "configuration": {"x": 5}}"#)
      #expect(outside.status == 400 && outside.body.contains("must be a number in 0.0…1.0"), "\(outside.body)")
      for (body, status) in [
        ("", 400), ("[]", 400), ("{}", 400), (#"{"op": 3}"#, 400), (#"{"op": "other"}"#, 400),
        (#"{"op": "pause_run", "more": 1}"#, 400), (#"{"op": "stop_trial"}"#, 400),
        (#"{"op": "resume_trial"}"#, 400), (#"{"op": "resume_trial", "trial": 1000000}"#, 404),
        (#"{"op": "resume_trial", "trial": 0, "more": 1}"#, 400),
        (#"{"op": "stop_trial", "trial": -1}"#, 400), (#"{"op": "stop_trial", "trial": 1000000}"#, 404),
        (#"{"op": "drain_host", "host": "nowhere"}"#, 404), (#"{"op": "drain_host", "host": ""}"#, 400),
        (#"{"op": "enqueue", "configuration": {"no such name": 1}}"#, 400), (#"{"op": "enqueue"}"#, 400),
        (#"{"op": "enqueue", "configuration": []}"#, 400), (#"{"op": "extend"}"#, 400),
        (#"{"op": "extend", "max_num_trials_started": 0}"#, 400), (#"{"op": "extend", "max_cost": NaN}"#, 400),
        (#"{"op": "extend", "max_num_evaluations": 1}"#, 409), (#"{"op": "extend", "more": {}}"#, 400),
        (#"{"op": "extend", "more": 3}"#, 400), (#"{"op": "extend", "more": {"max_metric_value": 1}}"#, 400),
        (#"{"op": "extend", "more": {"max_num_trials_started": 0}}"#, 400),
        (#"{"op": "extend", "more": {"max_num_trials_started": 1.5}}"#, 400),
        (#"{"op": "extend", "max_cost": 1e9, "more": {"max_cost": 1}}"#, 400),
        (#"{"op": "extend", "more": {"max_num_trials_started": 1000000000}}"#, 409),
      ] {
        let answer = try run.post(body)
        #expect(answer.status == status, "\(body): \(answer.status) \(answer.body)")
      }
      #expect(try run.post(#"{"op": "pause_run"}"#, token: "wrong").status == 401)
      #expect(try run.post(#"{"op": "pause_run"}"#, token: "").status == 401)
      #expect(try run.post("{}", ["Content-Type: text/plain"]).status == 415)
      run.change { $0.answers["pause"] = .object([.init("error", .string("it is too late"))]) }
      #expect(try run.post(#"{"op": "pause_run"}"#).errorCode == "conflict")
      run.change { $0.answers["pause"] = nil }
      let silent = try run.post(#"{"op": "pause_run"}"#)
      #expect(silent.errorCode == "unavailable" && silent.headers["retry-after"] != nil)
    }
  }

  @Test("lets a trial go on that was paused by hand, and no other one")
  func resuming() async throws {
    try await ServedRun.with(seed: 5, share: 0.5) { run in
      run.change { $0.answers["resume_trial"] = .object([.init("ok", .bool(true))]) }
      let rows = try #require(try run.get("/api/v1/trials?limit=500").json()["rows"] as? [[String: Any]])
      let open = try #require(
        rows.first { !["completed", "stopped", "failed"].contains($0["status"] as? String ?? "") }?["trial"] as? Int)
      func can() throws -> [String] { try run.get("/api/v1/trials/\(open)").json()["can"] as? [String] ?? [] }
      #expect(try can() == ["stop_trial", "pause_trial"])
      #expect(try run.post(#"{"op": "resume_trial", "trial": \#(open)}"#).errorCode == "conflict")
      let last = try #require(run.lastStamp)
      try run.journal.append([StampedFact(stamp: last, fact: .operatorCommand(.pauseTrial(TrialID(open))))])
      try eventually { try can() == ["stop_trial", "resume_trial"] }
      let answer = try run.post(#"{"op": "resume_trial", "trial": \#(open)}"#)
      #expect(answer.status == 200 && answer.body.contains("goes on when a slot is free"), "\(answer.body)")
      #expect(run.questions.last?.text("op") == "resume_trial" && run.questions.last?.whole("trial") == open)
    }
  }

  @Test("has a ladder for each kind of bracket where rungs are filled one after the other")
  func synchronousLadder() async throws {
    let seed = try #require(
      (UInt64(1)...500).first { FaultedRun.specification($0).scheduler.name == .syncHyperband })
    try await ServedRun.with(seed: seed, share: 1) { run in
      let brackets = try #require(try run.get("/api/v1/ladder").json()["brackets"] as? [[String: Any]])
      var state = try RunState(specification: FaultedRun.specification(seed))
      for fact in run.facts { state.apply(fact) }
      #expect(brackets.count == state.scheduler.bracketKinds.count && !brackets.isEmpty)
      let begun = brackets.reduce(0) { $0 + ($1["begun"] as? Int ?? -1) }
      #expect(begun == Set(state.trials.map(\.bracket)).count)
      for (kind, bracket) in brackets.enumerated() {
        let rungs = try #require(bracket["rungs"] as? [[String: Any]])
        let trials = state.trials.filter { state.scheduler.kind(ofBracket: $0.bracket) == kind }
        for rung in rungs {
          let level = try #require(rung["level"] as? Int)
          #expect(rung["trials"] as? Int == trials.count { $0.resource >= level })
          #expect(try #require(rung["places"] as? Int) > 0)
          #expect(try #require(rung["promoted"] as? Int) <= (rung["trials"] as? Int ?? 0))
        }
        #expect(rungs.last?["level"] as? Int == state.specification.scheduler.maxResource)
      }
    }
  }

  @Test("a run that nobody runs any more has no host that is ready, and no slots")
  func over() async throws {
    try await ServedRun.with(share: 1) { run in
      run.change { $0.presence = .none }
      let hosts = try #require(try run.get("/api/v1/run").json()["hosts"] as? [String: Int])
      #expect((hosts["total"] ?? 0) > 0)
      #expect(hosts["ready"] == 0 && hosts["troubled"] == 0 && hosts["slots"] == 0 && hosts["busy"] == 0)
      let text = try run.get("/metrics").body
      #expect(text.contains(#"pasha_hosts{run="run",state="ready"} 0"#), "\(text)")
      #expect(text.contains(#"pasha_slots{run="run"} 0"#) && text.contains(#"pasha_slots_busy{run="run"} 0"#))
    }
  }

  @Test("takes no commands for a run that has ended, or that it is only to show")
  func readOnly() async throws {
    try await ServedRun.with(options: PageServer.Options(takesCommands: false)) { run in
      #expect(try run.post(#"{"op": "pause_run"}"#).errorCode == "forbidden")
      #expect(run.questions.allSatisfy { $0.text("op") == "hosts_json" })
      let commands = try #require(try run.get("/api/v1/run").json()["commands"] as? [String: Any])
      #expect(commands["accepted"] as? Bool == false && commands["reason"] is String)
    }
  }
}

/// The cluster file of a run under faults.
enum FaultedRun {
  static func specification(_ seed: UInt64) -> RunSpecification { FaultSimulation(seed: seed).run().specification }
}
