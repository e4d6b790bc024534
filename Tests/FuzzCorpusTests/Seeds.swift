import Coordination
import Foundation
import FuzzProperties
import TestSupport
import TuningModel
import Wire

/// Valid inputs to begin from, made of what the repository holds: frozen encodings, examples, a small run.
enum Seeds {
  typealias Seed = (name: String, bytes: [UInt8])

  static func of(_ target: FuzzTarget) throws -> [Seed] {
    switch target {
    case .messages: try messages()
    case .reports: reports
    case .clusterFiles: try clusterFiles()
    case .facts: try facts()
    case .knownHosts: knownHosts
    case .manifests: manifests
    }
  }

  // MARK: Messages

  /// The types that the first byte chooses, by the names of the frozen file.
  private static let types = [
    "agent", "coordinator", "agent bulk", "coordinator bulk", "command", "event", "plan", "process",
  ]

  private static func messages() throws -> [Seed] {
    var seeds = try frozen("messages").compactMap { name, bytes -> Seed? in
      let type = name.split(separator: " ").filter { Int($0) == nil }.joined(separator: " ")
      guard let index = types.firstIndex(of: type) else { return nil }
      return (name.replacing(" ", with: "-"), [UInt8(index)] + bytes)
    }
    seeds.append(("end", [8] + AttemptEnd(cause: .exited, exitStatus: 0, lastSequence: 3, seal: seal).encoded()))
    seeds.append(("seal", [9] + seal.encoded()))
    let token = JoinToken(
      run: "digits-1", host: "lab1", controlPort: 4000, bulkPort: 4001, serverKey: String(repeating: "a", count: 40),
      joinSecretKey: String(repeating: "b", count: 40))
    seeds.append(("token", [10] + Array(token.text.utf8)))
    return seeds
  }

  private static let seal = Seal(
    generation: 2, attempt: .first, coveredSequence: 9, coveredResource: 3, files: 1, bytes: 12,
    hash: String(repeating: "ab", count: 32))

  /// The lines of a frozen file: a name, then hexadecimal digits.
  private static func frozen(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
    let file = repositoryRoot().appendingPathComponent("Tests/Fixtures/frozen/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      guard let space = line.lastIndex(of: " ") else { return (String(line), []) }
      let digits = Array(line[line.index(after: space)...].utf8)
      let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
      }
      return (String(line[..<space]), bytes)
    }
  }

  // MARK: Facts

  private static func facts() throws -> [Seed] {
    let frozen = try frozen("facts").map(\.bytes)
    var seeds: [Seed] = [
      ("all-kinds", [0] + records(frozen)), ("all-kinds-backwards", [4] + records(frozen.reversed())),
    ]
    for scheduler in 0..<11 {
      let run = SmallRun(scheduler: scheduler)
      seeds.append(("run-\(scheduler)", [UInt8(scheduler)] + records(run.facts.map { $0.encoded() })))
    }
    return seeds
  }

  private static func records(_ facts: [[UInt8]]) -> [UInt8] {
    facts.flatMap { [1, UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
  }

  // MARK: Texts

  private static let reports: [Seed] = {
    let lines: [(String, String)] = [
      ("plain", "start\n[tune-metric]: {\"epoch\": 1, \"loss\": 0.5, \"cost\": 2}\ndone\n"),
      ("glued", "[tune-metric]: {\"e\": 2}[tune-metric]: {\"e\": 3}\r\n10%|# [tune-metric]: {\"e\": 4} tail [tune\n"),
      ("broken", "[tune-metric]: {\"ep[tune-metric]: {\"epoch\": 4, \"n\": \"é😀\\ud83d\\ude00\"}\n[tune-metric]: {\n"),
      ("numbers", "[tune-metric]: {\"a\": NaN, \"b\": -Infinity, \"c\": 1e400, \"d\": -0.0, \"e\": 3.0}\n"),
      ("deep", "[tune-metric]: {\"a\": [[[{\"b\": [null, true, false]}]]], \"a\": 1}\n"),
      ("names", "[tune-metric]: {\"../x\": 1, \"<b>\": 2, \"\\u0000\": 3, \"\\u001b[2J\": 4}\n\u{0}\u{1B}[31m\n"),
    ]
    return lines.enumerated().map { index, line in
      (line.0, [UInt8(index % 3), UInt8(7 * index + 3)] + Array(line.1.utf8))
    }
  }()

  private static func clusterFiles() throws -> [Seed] {
    let examples = ["minimal", "digits", "scheduler", "farm"]
    var seeds: [Seed] = try examples.map { name in
      let file = repositoryRoot().appendingPathComponent("Cluster/examples/\(name)/cluster.yml")
      return (name, [UInt8](try Data(contentsOf: file)))
    }
    let space = "{a: &a {type: uniform, lower: 0, upper: 1}, b: *a, c: {type: choice, values: [1, 2.5, x, true]}}"
    seeds.append(
      ("aliases", Array("experiment: {name: x, entry_point: t, config_space: \(space), metric: m}\n".utf8)))
    seeds.append(
      (
        "mistakes",
        Array(
          """
          experiment:
            name: -x
            name: y
            config_space: {lr: {type: loguniform, lower: 0, upper: -1}, k: {type: ordinal, values: [3, 1]}}
          scheduler: {name: hyperband, max_t: 0, brackets: 99, rung_levels: [3, 2, 1e400]}
          cluster: {hosts: ["a[01-03]", b@c:70000, "[::1]:22"], gpus: [0, 0], sandbox: {level: no}}
          checkpoints: {store: command, put: "a 'b", quota: 1e9GiB}

          """.utf8)
      ))
    return seeds
  }

  // MARK: Keys and trees

  private static let knownHosts: [Seed] = {
    let key = base64(KnownHostsSamples.key(0))
    let other = base64(KnownHostsSamples.key(1))
    let lines: [(String, String)] = [
      ("plain", "lab1.example ssh-ed25519 \(key)\n# note\n10.0.0.1,gpu-7 ssh-ed25519 \(other) someone\n"),
      ("port", "[lab1.example]:2222 ssh-ed25519 \(key)\r\n[::1]:2200 ssh-ed25519 \(other)\n"),
      ("patterns", "*.example,!lab1.example ssh-ed25519 \(key)\nlab?.* ssh-ed25519 \(other)\n"),
      (
        "revoked",
        "@revoked * ssh-ed25519 \(key)\nlab1.example ssh-ed25519 \(key)\n@cert-authority * ssh-ed25519 \(other)\n"
      ),
      ("hashed", "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 \(key)\n"),
      (
        "broken", "lab1.example ssh-rsa \(key)\nlab1.example future-alg AAAA\nx 1024 35 99\n|1|x|y ssh-ed25519 \(key)\n"
      ),
    ]
    return lines.map { ($0.0, Array($0.1.utf8)) }
  }()

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  private static let manifests: [Seed] = {
    typealias Entry = TreeManifest.Entry
    let hash = String(repeating: "0f", count: 32)
    func file(_ path: String) -> Entry { Entry(path: path, kind: .file(size: 300, hash: hash, isExecutable: true)) }
    func link(_ path: String, _ target: String) -> Entry { Entry(path: path, kind: .link(target: target)) }
    let trees: [(String, [Entry])] = [
      ("empty", []), ("files", [file(".env"), Entry(path: "a", kind: .folder), file("a.txt"), file("a/x y\n")]),
      (
        "links",
        [Entry(path: "a", kind: .folder), Entry(path: "a/b", kind: .folder), link("a/b/up", "../../c"), link("c", "a")]
      ),
      ("escapes", [link("a", "../x"), link("b", "/etc"), file("c/../d"), file("e/")]),
    ]
    return trees.map { ($0.0, [0] + TreeManifest(entries: $0.1).encoded()) } + [("seal", [1] + seal.encoded())]
  }()
}
