import ClusterFile
import Foundation
import Glibc
import Testing

struct FilesTests {
  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = Fixture.folder + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func mistakes(loading path: String) -> [String] {
    do {
      _ = try ClusterFile.load(path: path)
      return ["ok"]
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test("a file is read, and its code folder is looked up from where it is")
  func load() throws {
    let path = try write(Array(Fixture.example.utf8), "load.yml")
    let file = try ClusterFile.load(path: path)
    #expect(file.specification.experiment.codeFolder == Fixture.folder + "/digits")
  }

  @Test("a file that cannot be read is told by its name")
  func unreadable() throws {
    #expect(mistakes(loading: "/nowhere.yml") == ["/nowhere.yml: the file cannot be read: No such file or directory"])
    #expect(mistakes(loading: "/tmp") == ["/tmp: the file cannot be read: it is a folder"])
    let pipe = Fixture.folder + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(mistakes(loading: pipe) == ["\(pipe): the file cannot be read: it is no regular file"])
    unlink(pipe)
    let binary = try write(Array("a: 1\nb: ".utf8) + [0xFF, 0xFE], "binary.yml")
    #expect(mistakes(loading: binary) == ["\(binary):2:1: the file must be text in UTF-8; byte 8 is not"])
    let big = try write([UInt8](repeating: UInt8(ascii: "#"), count: (1 << 20) + 1), "big.yml")
    #expect(mistakes(loading: big) == ["\(big): the file must be at most 1 MiB; keep data in files beside it"])
  }

  @Test("a code folder that is missing, no folder or unreadable is told with the reason")
  func codeFolder() throws {
    func mistake(_ code: String) -> String { Fixture.mistakes(Fixture.file(experiment: "code: \(code)")).joined() }
    let rest = "; a relative path begins at the cluster file's folder"
    #expect(
      mistake("./nowhere")
        == "cluster.yml:7:9: experiment.code must be a folder that can be read, not ./nowhere "
        + "(\(Fixture.folder)/nowhere): No such file or directory" + rest)
    let unchecked = try ClusterFile.decode(
      text: Fixture.file(experiment: "code: ./nowhere"), fileName: "cluster.yml", baseDirectory: "/base",
      checksFiles: false)
    #expect(unchecked.specification.experiment.codeFolder == "/base/nowhere")
    _ = try write([], "a-file")
    #expect(mistake("a-file").hasSuffix("(\(Fixture.folder)/a-file): it is no folder" + rest))
    #expect(mistake("/").contains("not the whole file system"))
    #expect(mistake("digits/../digits") == "ok")
    #expect(mistake(Fixture.folder + "/digits") == "ok")

    let locked = Fixture.folder + "/locked"
    try FileManager.default.createDirectory(atPath: locked, withIntermediateDirectories: true)
    #expect(chmod(locked, 0) == 0)
    // Root reads everything, so that this thread gives up being root for files while it looks.
    let found = asOtherUser { mistake("locked") }
    #expect(found.hasSuffix("(\(locked)): Permission denied" + rest))
    #expect(chmod(locked, 0o444) == 0)
    #expect(asOtherUser { mistake("locked") }.hasSuffix("(\(locked)): Permission denied" + rest))
    #expect(rmdir(locked) == 0)
  }

  private func asOtherUser<Result>(_ body: () -> Result) -> Result {
    guard geteuid() == 0 else { return body() }
    // setfsuid changes this thread alone; the C library's header for it is not among Swift's.
    typealias Function = @convention(c) (UInt32) -> Int32
    guard let symbol = dlsym(nil, "setfsuid") else { return body() }
    let setfsuid = unsafeBitCast(symbol, to: Function.self)
    _ = setfsuid(65_534)
    defer { _ = setfsuid(0) }
    return body()
  }

  @Test("text that is not YAML is shown with a caret")
  func syntax() {
    #expect(
      Fixture.mistakes("experiment:\n  name: [1, 2\n  metric: x\n") == [
        """
        cluster.yml:3:9: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins \
        in line 2, column 9
            metric: x
                  ^
        """
      ])
    #expect(
      Fixture.mistakes("a: b: c\n") == [
        """
        cluster.yml:1:5: this is not YAML: mapping values are not allowed in this context; put text that holds ': ' in \
        quotes, and give keys of one map the same indentation
          a: b: c
              ^
        """
      ])
    #expect(Fixture.mistakes("experiment:\n\tname: x\n")[0].contains("indent with spaces, not with tabs"))
    #expect(Fixture.mistakes("a: *b\n")[0].contains("undefined alias; put text that begins with '*' in quotes"))
    #expect(Fixture.mistakes("a: \u{7}\n")[0].hasPrefix("cluster.yml:1:4: this is not YAML: control characters"))
  }

  @Test("a file without a map at its top is told")
  func shapes() {
    let empty = "cluster.yml:1:1: the file is empty; it must have the key experiment"
    #expect(Fixture.mistakes("") == [empty])
    #expect(Fixture.mistakes("# only a comment\n") == [empty])
    #expect(Fixture.mistakes("- a\n- b\n") == ["cluster.yml:1:1: the file must be a map, not a list"])
    #expect(Fixture.mistakes("text\n") == ["cluster.yml:1:1: the file must be a map, not text"])
    #expect(
      Fixture.mistakes("a: 1\n---\nb: 2\n") == [
        "cluster.yml:2:1: the file must hold one document, not several; remove what follows '---'"
      ])
    #expect(
      Fixture.mistakes("experiment: [a]\nscheduler: 3\nfailures: x\n") == [
        "cluster.yml:1:13: experiment must be a map such as {name: …, entry_point: …, config_space: …, metric: …}, not "
          + "a list", "cluster.yml:2:12: scheduler must be a map such as {name: pasha, max_t: 81}, not 3",
        "cluster.yml:3:11: failures must be a map such as {max_failures: 3, max_restarts: 3}, not x",
      ])
    #expect(Fixture.mistakes("a: \"\\0\"\n").contains("cluster.yml:1:4: text must not hold the character NUL"))
  }

  @Test("a small file that stands for a huge one is refused")
  func bombs() {
    let layers = (1...11).map { layer in
      "a\(layer): &a\(layer) [" + repeatElement("*a\(layer - 1)", count: 10).joined(separator: ",") + "]\n"
    }.joined()
    let bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + layers
    #expect(
      Fixture.mistakes(bomb) == [
        "cluster.yml:1:28: the file must hold at most 100000 values, each alias counted as what it stands for"
      ])
    let ofKeys = "keys must be plain text in a file with more than 8 aliases; write the key out"
    for key in ["? *a11\n: 1\n", "*a11 : 1\n", "{[*a11]: 1}: 2\n", "? [*a11]\n: 1\n", "x: {? *a11 : 1}\n"] {
      #expect(Fixture.mistakes(bomb + key).map { $0.hasSuffix(ofKeys) } == [true], "\(key)")
    }
    let deep = "there must be at most 64 lists and maps within each other"
    for text in [
      "a: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
      "a: " + String(repeating: "[", count: 100_000), String(repeating: "- ", count: 500) + "x",
      String(repeating: "{a: ", count: 300) + "1" + String(repeating: "}", count: 300),
    ] {
      #expect(Fixture.mistakes(text).map { $0.hasSuffix(deep) } == [true])
    }
    #expect(Fixture.mistakes("#" + String(repeating: "x", count: 1 << 20))[0].contains("at most 1 MiB"))
  }

  @Test("anchors and aliases work, also in a file with shell wildcards")
  func aliases() throws {
    let text = Fixture.file(
      experiment: "setup: rm -f *.a *.b *.c *.d *.e *.f *.g *.h *.i",
      space: "a: &range {type: uniform, lower: 0, upper: 1}\nb: *range\nc: *range")
    #expect(try Fixture.decode(text).specification.experiment.space.domains.count == 3)
  }

  /// As editors of other systems write it.
  @Test func aByteOrderMarkIsPassedOver() throws {
    let plain = try Fixture.decode(Fixture.example).specification
    #expect(try Fixture.decode("\u{FEFF}" + Fixture.example).specification == plain)
  }
}
