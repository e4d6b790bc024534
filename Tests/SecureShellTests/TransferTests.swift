import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

@Suite(.serialized) struct TransferTests {
  init() { _ = ignoresBrokenPipes }

  private static let size = 50_000_000

  @Test func fiftyMegabytesGoThere() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let bytes = noise(Self.size)
    let start = HostClock.now
    let ran = try run(shell, "sha256sum", input: bytes)
    let time = HostClock.now - start
    print("to the host: \(Int(Double(Self.size) / 1e6 / time.inSeconds)) MB/s")
    #expect(ran.text.hasPrefix(HostSystem.SHA256.hash(bytes)))
    #expect(ran.exit == .exited(0))
  }

  @Test func fiftyMegabytesComeBack() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let file = server.folder.file("data")
    let bytes = noise(Self.size)
    #expect(FileManager.default.createFile(atPath: file, contents: Data(bytes)))
    let start = HostClock.now
    let ran = try run(shell, "cat \(file)")
    let time = HostClock.now - start
    print("from the host: \(Int(Double(Self.size) / 1e6 / time.inSeconds)) MB/s")
    #expect(ran.output.count == bytes.count)
    #expect(HostSystem.SHA256.hash(ran.output) == HostSystem.SHA256.hash(bytes))
  }

  @Test func bothWaysAtOnceNothingStandsStill() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let bytes = noise(Self.size)
    let start = HostClock.now
    let ran = try run(shell, "cat", input: bytes)
    let time = HostClock.now - start
    print("both ways: \(Int(Double(Self.size) / 1e6 / time.inSeconds)) MB/s each")
    #expect(ran.output == bytes)
  }

  /// The command says much before it reads anything, and the reader waits as long as it can.
  @Test func aFloodOfOutputAndErrorsWhileInputIsWritten() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let bytes = noise(8_000_000)
    let flood = "head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2; sha256sum >&2"
    let ran = try run(shell, flood, input: bytes)
    #expect(ran.output.count == 20_000_000)
    #expect(ran.errors.count > 3_000_000)
    #expect(ran.errorText.hasSuffix("-\n"))
    #expect(ran.errorText.contains(HostSystem.SHA256.hash(bytes)))
  }

  @Test(arguments: ["1M", "4M"]) func newKeysInMidTransfer(limit: String) throws {
    let server = try TestSSHServer(options: ["RekeyLimit \(limit)"])
    let shell = try server.connect()
    let bytes = noise(20_000_000)
    #expect(try run(shell, "sha256sum", input: bytes).text.hasPrefix(HostSystem.SHA256.hash(bytes)))
    let ran = try run(shell, "head -c 20000000 /dev/zero")
    #expect(ran.output.count == 20_000_000)
    #expect(ran.exit == .exited(0))
    #expect(try run(shell, "cat", input: bytes).output == bytes)
  }

  /// Nobody reads: what piles up on this side is a window and two pipes, and the others go on.
  @Test func whoDoesNotReadHoldsUpItsOwnCommandAlone() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let counter = server.folder.file("count")
    let stalled = try shell.start(
      "i=0; while [ $i -lt 800 ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > \(counter); done")
    usleep(700_000)
    #expect(try run(shell, "echo others go on").text == "others go on\n")
    let before = Int(server.folder.read("count")?.trimmingCharacters(in: .newlines) ?? "") ?? 0
    usleep(500_000)
    let after = Int(server.folder.read("count")?.trimmingCharacters(in: .newlines) ?? "") ?? 0
    #expect(before == after)
    // The window, pipes on both sides, what sshd holds.
    #expect(after * 65_536 < 4 << 20)
    #expect(try finish(stalled).output.count == 800 * 65_536)
  }

  /// The command does not read its input: the writer is held up.
  @Test func inputThatNobodyReadsIsHeldUp() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let command = try shell.start("sleep 2; wc -c")
    // Not kept: it is closed when the last reference goes.
    let input = try #require(command.input?.number)
    let piece = [UInt8](repeating: 1, count: 65_536)
    var total = 0
    var quiet = 0
    while quiet < 50, total < 64 << 20 {
      let count = write(input, piece, piece.count)
      if count > 0 {
        total += count
        quiet = 0
      } else {
        quiet += 1
        usleep(5_000)
      }
    }
    // sshd grants 2 MiB; the rest is pipes and what waits for the socket.
    #expect(total < 8 << 20)
    command.closeInput()
    #expect(try finish(command).text.trimmingCharacters(in: .whitespacesAndNewlines) == "\(total)")
  }

  @Test func commandsOneAfterTheOtherLeaveNoDescriptorOpen() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    _ = try run(shell, "true")
    func openDescriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    let before = try openDescriptors()
    for index in 0..<20 { #expect(try run(shell, "echo \(index)").text == "\(index)\n") }
    // Other tests may open some at the same time, but not twenty times five.
    try eventually("closed descriptors") { try openDescriptors() < before + 40 }
  }
}
