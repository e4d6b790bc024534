import Foundation
import TestSupport
import Testing
import TuningModel

@testable import Devices

/// What `pasha-agent inspect` prints.
@Suite struct InspectTests {
  func inspect(_ tools: FakeTools, _ arguments: [String]) throws -> JSONValue {
    let command = try CommandProcess(
      "pasha-agent", ["inspect"] + arguments,
      environment: [
        "PATH": "\(tools.folder.path):/usr/local/bin:/usr/bin:/bin",
        DeviceLocks.variable: tools.folder.file("locks"),
      ])
    #expect(try command.wait(limit: 60) == 0, "\(command.errors)")
    #expect(command.output.split(separator: "\n").count == 1)
    return try JSONValue(parsing: command.output)
  }

  @Test func aHostIsDescribed() throws {
    let tools = FakeTools()
    try tools.nvidia(gpus: FakeTools.lines(2), apps: "\(FakeTools.uuids[1]), \(getpid()), 100\n")
    let work = tools.folder.file("not/there/yet")
    let report = try inspect(tools, ["--work-dir", work])
    #expect(report.text("hostname") == ProcessInfo.processInfo.hostName)
    #expect(report.text("user") == NSUserName())
    #expect(report.whole("cores") ?? 0 >= 1 && report.whole("memory_bytes") ?? 0 > 1 << 26)
    #expect(report.whole("free_bytes") ?? -1 >= 0)
    let clock = Double(report.whole("time_us") ?? 0) / 1e6
    #expect(abs(clock - Date().timeIntervalSince1970) < 120)
    #expect(report.text("glibc")?.hasPrefix("2.") == true)
    #expect(report.text("machine") == ["x86_64", "aarch64"].first { $0 == report.text("machine") })
    #expect(report.text("kernel")?.isEmpty == false && report.text("boot_id")?.count == 36)
    #expect(report.member("landlock_abi") != nil && report.member("cgroup") != nil)
    #expect(["control group", "user", "count"].contains(report.text("process_bound") ?? ""))
    #expect(report.member("python3")?.text("version")?.hasPrefix("3.") == true)
    let place = try #require(report.member("work_dir"))
    #expect(place.text("path") == work && place.member("writable") == .bool(true))
    #expect(place.member("is_network_file_system") == .bool(false))
    #expect(!FileManager.default.fileExists(atPath: work))
    guard case .array(let gpus)? = report.member("gpus") else { throw WaitedInVain(description: "no list of GPUs") }
    #expect(gpus.map { $0.text("uuid") } == [FakeTools.uuids[0], FakeTools.uuids[1]])
    #expect(gpus[0].whole("index") == 0 && gpus[0].whole("memory_bytes") == 81_559 << 20)
    #expect(gpus[0].member("mig") == .null && gpus[0].member("faulty") == .null)
    guard case .array(let users)? = gpus[1].member("users") else { throw WaitedInVain(description: "no users") }
    #expect(users.map { $0.whole("pid") } == [Int(getpid())] && users[0].text("user") == NSUserName())
  }

  @Test func whatIsWrongIsTold() throws {
    let tools = FakeTools()
    try tools.nvidia(script: "echo it broke >&2; exit 3")
    try tools.folder.write("file", "")
    let report = try inspect(tools, ["--work-dir", tools.folder.file("file/within")])
    #expect(report.member("gpus") == .array([]))
    #expect(
      report.member("gpu_notes") == .array([.string("nvidia-smi tells of no GPU: it broke (exit status 3)")]))
    #expect(report.member("work_dir")?.member("writable") == .bool(false))
  }
}
