import Foundation
import Messaging
import TestSupport
import TuningModel
import Wire

/// An agent as a process of its own.
final class RealAgent {
  let process = Process()
  private let output = Pipe()
  private let errors: String
  let input = Pipe()

  init(_ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
    process.executableURL = URL(fileURLWithPath: product("pasha-agent"))
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    errors = folder.file("agent-\(UUID().uuidString.prefix(8)).stderr")
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    try process.run()
  }

  /// An agent that the coordinator started, admitted and told where to connect.
  static func launched(
    by coordinator: StandInCoordinator, slots: Int = 2, keySeed: String? = nil, environment: [String: String] = [:]
  ) throws -> RealAgent {
    let agent = try RealAgent(["--launched"], in: coordinator.work, environment: environment)
    var members: [JSONValue.Member] = [
      .init("run", .string(coordinator.run)), .init("slots", .int(slots)), .init("name", .string("tested")),
      .init("work_dir", .string(coordinator.work.file("farm"))),
    ]
    if let keySeed { members.append(.init("key_seed", .string(keySeed))) }
    let request = JSONValue.object(members)
    try agent.write(request.jsonText())
    let answer = try agent.readLine()
    guard case .object(let members) = try JSONValue(parsing: answer),
      case .string(let text)? = members.first(where: { $0.key == "public_key" })?.value,
      let key = CurvePublicKey(text)
    else { throw WaitedInVain(description: "the agent said \(answer)") }
    coordinator.list.admit(key, as: .agent)
    let address = JSONValue.object([
      .init("server_key", .string(coordinator.keys.publicKey.text)), .init("host", .string("127.0.0.1")),
      .init("control", .int(coordinator.listener.control.port)), .init("bulk", .int(coordinator.listener.bulk.port)),
    ])
    try agent.write(address.jsonText())
    let last = try agent.readLine()
    guard last == #"{"ok":true}"# else { throw WaitedInVain(description: "the agent said \(last)") }
    return agent
  }

  var pid: Int32 { process.processIdentifier }
  var errorText: String {
    FileManager.default.contents(atPath: errors).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  func write(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

  func closeInput() { try? input.fileHandleForWriting.close() }

  /// A line of its standard output.
  func readLine() throws -> String {
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
      if byte[byte.startIndex] == 10 { return String(decoding: line, as: UTF8.self) }
      line += byte
    }
    throw WaitedInVain(description: "the agent ended after '\(String(decoding: line, as: UTF8.self))': \(errorText)")
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// The exit status, once it has ended.
  func wait() throws -> Int32 {
    try eventually("the end of the agent", within: .seconds(40)) { !process.isRunning }
    return process.terminationStatus
  }

  func kill9() throws {
    signal(SIGKILL)
    _ = try wait()
  }

  deinit {
    if process.isRunning { kill(pid, SIGKILL) }
  }
}
