import ClusterFile
import Testing
import TuningModel

/// Files that nobody meant: whatever is done to the example, reading it ends with a result or with mistakes that have a
/// place.
struct MutationTests {
  private static let pieces: [[Unicode.Scalar]] = [
    "[", "]", "{", "}", ":", ": ", "?", "? ", "- ", "\n", "\n  ", "\t", "\"", "'", "|", ">", "#", "&a ", "*a", "!x ",
    "!!int ",
    "<<: ", "~", "---\n", "...\n", "%", "@", "\\", "\r", "\u{0}", "\u{85}", "\u{FEFF}", "\u{E001}", "ä", "🦊", "1e400",
    ".nan", "-.inf", "99999999999999999999", "0x", "-", "null", "type: choice", "values: []", "lower: 0", "name: x",
    "@", "[1-", "-9]", "[01-999999999]", "hosts: ", "999999999999999999999GB", "local", "%", "::1",
  ].map { Array($0.unicodeScalars) }

  @Test("random changes to an example never trap", arguments: 0..<32)
  func mutations(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let original = Array((seed % 2 == 0 ? Fixture.example : Fixture.farm).unicodeScalars)
    for _ in 0..<60 {
      var scalars = original
      for _ in 0...generator.nextBelow(8) { Self.mutate(&scalars, &generator) }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      do {
        _ = try Fixture.decode(String(text))
      } catch {
        #expect(!error.problems.isEmpty)
        for mistake in error.problems {
          #expect(!mistake.message.isEmpty)
          #expect((mistake.line ?? 1) >= 1 && (mistake.column ?? 1) >= 1)
        }
      }
    }
  }

  private static func mutate(_ scalars: inout [Unicode.Scalar], _ generator: inout SeededGenerator) {
    let count = UInt64(scalars.count)
    guard count > 0 else { return }
    let index = Int(generator.nextBelow(count))
    let end = min(scalars.count, index + 1 + Int(generator.nextBelow(20)))
    switch generator.nextBelow(5) {
    case 0: scalars.remove(at: index)
    case 1: scalars.removeSubrange(index..<end)
    case 2: scalars.insert(contentsOf: scalars[index..<end], at: Int(generator.nextBelow(count)))
    case 3: scalars.insert(contentsOf: pieces[Int(generator.nextBelow(UInt64(pieces.count)))], at: index)
    default: scalars.swapAt(index, Int(generator.nextBelow(count)))
    }
  }

  @Test("an example cut off anywhere never traps", arguments: [Fixture.example, Fixture.farm])
  func prefixes(_ example: String) {
    for length in stride(from: 0, to: example.count, by: 7) { _ = Fixture.mistakes(String(example.prefix(length))) }
  }

  @Test("random texts for a host never trap", arguments: 0..<8)
  func hosts(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed), stream: 2)
    let letters = Array("ab01-9,[]:@.%{}/ ~\\é\n")
    for _ in 0..<2000 {
      let text = String(
        (0..<generator.nextBelow(14)).map { _ in letters[Int(generator.nextBelow(UInt64(letters.count)))] })
      do {
        let hosts = try ClusterFile.hosts(fromArgument: text, baseDirectory: "/", checksFiles: false)
        #expect((1...1000).contains(hosts.count), "\(text)")
        #expect(Set(hosts.map(\.name)).count == hosts.count, "\(text)")
      } catch {
        #expect(!error.problems.isEmpty, "\(text)")
      }
    }
  }

  @Test("whole lines in any order never trap", arguments: 0..<20)
  func shuffledLines(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed), stream: 1)
    var lines = Fixture.example.split(separator: "\n", omittingEmptySubsequences: false)
    for index in lines.indices.reversed() { lines.swapAt(index, Int(generator.nextBelow(UInt64(index + 1)))) }
    _ = Fixture.mistakes(lines.joined(separator: "\n"))
  }
}
