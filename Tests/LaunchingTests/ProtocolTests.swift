import Launching
import Testing
import TuningModel

/// The lines between an owner and `pasha-launch`.
struct ProtocolTests {
  static let tasks: [HostTask] = [
    HostTask(
      .agent, name: "gpu1", login: .init(host: "gpu1"),
      program: .bundle(path: "/c/b.tar.gz", hash: String(repeating: "0a", count: 32), bytes: 7), run: "r",
      request: LaunchRequest(run: "r", slots: nil, workDirectory: "~/.pasha", name: "gpu1", place: 0).json),
    HostTask(
      .tunnel, name: "x", login: .init(host: "x", user: "bob", port: 2222, identityFile: "/k"),
      ssh: .init(
        client: "openssh", hostKeys: "accept-new", ownKnownHosts: "/o", configurationFile: "/f", stepLimit: .seconds(3),
        answerLimit: .milliseconds(1500)), program: .installed(path: "/usr/bin/pasha-agent"), workDirectory: "/w",
      run: "r",
      tunnel: .init(control: "127.0.0.1:1", bulk: "127.0.0.1:2")),
  ]

  @Test(arguments: tasks) func tasksComeBackAsTheyWere(_ task: HostTask) throws {
    #expect(task.line.hasSuffix("\n") && task.line.dropLast().allSatisfy { !$0.isNewline })
    #expect(try HostTask(json: JSONValue(parsing: task.line)) == task)
  }

  static let events: [HostEvent] = [
    .note("a \"b\"\nc"), .ask(keyFile: "/k", isRetry: true), .connected(hostKey: nil, took: .milliseconds(12)),
    .connected(hostKey: "SHA256:x", took: .microseconds(1_500)),
    .probed(
      HostFacts(
        system: "Linux", machine: "x86_64", kernel: "6.1", home: "/h", user: "u", workDirectory: "/h/.pasha",
        latency: .milliseconds(3), hasBundle: false)),
    .probed(
      HostFacts(
        system: "Linux", machine: "x86_64", kernel: "6.1", libc: "glibc 2.36", home: "/h", user: "u",
        workDirectory: "/w", freeBytes: 1 << 40, clockSkew: .milliseconds(-250), latency: .milliseconds(3),
        hasBundle: true, clientAddress: "fe80::1")),
    .uploading(bytes: 10, done: 3), .uploaded(took: .seconds(2)),
    .announced(publicKey: "k", pid: 3, machineID: "m"), .unreachable("no"), .running, .alive(pid: 9),
    .inspected(.object([.init("gpus", .array([]))])), .ended(agents: 1, attempts: 2), .listening(host: "unix:/run/x"),
    .failed(HostFailure("timeout", "too slow", isRetryable: true)),
  ]

  @Test(arguments: events) func eventsComeBackAsTheyWere(_ event: HostEvent) throws {
    #expect(try HostEvent(json: JSONValue(parsing: event.line)) == event)
  }

  @Test func answersComeBackAsTheyWere() throws {
    let answers: [HostAnswer] = [
      .giveUp, .passphrase("s3cret\n"), .passphrase(nil),
      .address(LaunchAddress(serverKey: "k", host: "unix:/run/x", control: 0, bulk: 0, isTested: true)),
      .address(LaunchAddress(serverKey: "k", host: "h", control: 1, bulk: 2)),
    ]
    for answer in answers { #expect(try HostAnswer(json: JSONValue(parsing: answer.line)) == answer) }
    for line in ["{}", "[]", #"{"answer":3}"#, #"{"give_up":false}"#] {
      #expect(try HostAnswer(json: JSONValue(parsing: line)) == nil)
    }
  }

  @Test(arguments: [
    ("operation", #"{"operation":"dance"}"#), ("login", #"{"operation":"end"}"#),
    ("name", #"{"operation":"end","login":{"host":"h"}}"#),
    ("ssh", #"{"operation":"end","login":{"host":"h"},"name":"h","run":"r","work_dir":"w"}"#),
    (
      "bundle",
      #"{"operation":"end","login":{"host":"h"},"name":"h","run":"r","work_dir":"w","#
        + #""ssh":{"client":"openssh","host_keys":"strict","step_limit_ms":1,"answer_limit_ms":1},"#
        + #""bundle":{"path":"p","hash":"../up","bytes":1}}"#
    ),
  ]) func aTaskThatCannotBeUsedNamesThePart(_ part: String, _ line: String) throws {
    let value = try JSONValue(parsing: line)
    #expect(throws: HostTaskProblem.self) { try HostTask(json: value) }
    do throws(HostTaskProblem) { _ = try HostTask(json: value) } catch { #expect(error.part == part) }
  }

  @Test func linesComeOutWholeAndTooLongOnesNotAtAll() {
    var buffer = LineBuffer(limit: 5)
    buffer.append(Array("ab".utf8))
    #expect(buffer.next() == nil)
    buffer.append(Array("c\r\n\nlong line".utf8))
    #expect(buffer.next() == "abc" && buffer.next() == "" && buffer.next() == nil)
    buffer.append(Array(" goes on\nnext\ntoolong\nlast\n".utf8))
    #expect(buffer.next() == "next" && buffer.next() == "last" && buffer.next() == nil && !buffer.hasLine)
  }
}
