import Foundation
import TestSupport
import Testing

/// `pasha-coord doctor` on this machine.
@Suite(.serialized) struct DoctorTests {
  private func findings(_ place: RunPlace, _ arguments: [String], status: Int32) throws -> [[String: Any]] {
    let command = try place.coordinator(["doctor", "--json"] + arguments)
    #expect(try command.wait(limit: 60) == status, "\(command.output)\(command.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any]
    #expect(object?["ok"] as? Bool == (status == 0))
    return try #require(object?["findings"] as? [[String: Any]])
  }

  private func levels(_ findings: [[String: Any]], _ check: String) -> [String] {
    findings.filter { $0["check"] as? String == check }.compactMap { $0["level"] as? String }
  }

  @Test func thisMachineIsFitForARun() throws {
    let run = try RealRun("doctor")
    let found = try findings(run.place, [run.file], status: 0)
    #expect(
      Set(found.compactMap { $0["of"] as? String }) == ["this machine", run.file, "trials on this machine"], "\(found)")
    for check in ["programs", "libraries", "descriptors", "state folder", "file", "work dir", "program", "gpus"] {
      #expect(levels(found, check) == ["ok"], "\(check)")
    }
    // Nothing is left of it.
    let left = try FileManager.default.contentsOfDirectory(atPath: run.place.folder.file("state"))
    #expect(left.isEmpty, "\(left)")
    let command = try run.place.coordinator(["doctor", run.file])
    #expect(try command.wait(limit: 60) == 0)
    #expect(command.output.contains("ok      libraries    libzmq "), "\(command.output)")
    #expect(command.output.contains("0 failures, "))
  }

  @Test func eachMistakeAndWhatIsMissingIsAFailureWithItsWayOut() throws {
    let run = try RealRun("doctor")
    let text = try String(contentsOfFile: run.file, encoding: .utf8)
    let missing = try run.place.folder.write("missing.yml", text.replacing("python3 ", with: "python9 "))
    let found = try findings(run.place, [missing], status: 1)
    let program = try #require(found.first { $0["check"] as? String == "program" })
    #expect(program["level"] as? String == "failure" && program["text"] as? String == "there is no python9")
    #expect((program["fix"] as? String)?.contains("entry_point") == true)

    let wrong = try run.place.folder.write("wrong.yml", text.replacing("mode: min", with: "mode: least"))
    #expect(levels(try findings(run.place, [wrong], status: 1), "file") == ["failure"])
    #expect(levels(try findings(run.place, ["/nowhere.yml"], status: 1), "file") == ["failure"])

    // What is wrong in YAML is shown with its line, as `check` does.
    let broken = try run.place.folder.write("broken.yml", text + "\nsearch: [1\n")
    let told = try run.place.coordinator(["doctor", broken])
    #expect(try told.wait(limit: 60) == 1)
    #expect(told.output.contains("FAILURE file"), "\(told.output)")
    #expect(!told.output.contains("\u{FFFD}"), "\(told.output)")

    try run.place.folder.write("file", "")
    let command = try run.place.coordinator(
      ["doctor"], environment: ["PASHA_STATE": run.place.folder.file("file/state")])
    #expect(try command.wait(limit: 60) == 1)
    #expect(command.output.contains("FAILURE state folder"), "\(command.output)")
    #expect(command.output.contains("set PASHA_STATE to a folder that you may write"), "\(command.output)")
  }
}
