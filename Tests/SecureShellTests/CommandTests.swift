import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

@Suite(.serialized) struct CommandTests {
  init() { _ = ignoresBrokenPipes }

  @Test func outputErrorsAndExitStatusComeApart() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let ran = try run(shell, "echo out; echo err >&2; exit 7")
    #expect(ran.text == "out\n")
    #expect(ran.errorText == "err\n")
    #expect(ran.exit == .exited(7))
    #expect(shell.connection.hostKey?.hasPrefix("SHA256:") == true)
    #expect(shell.connection.warnings.isEmpty)
  }

  @Test func aSignalIsNamed() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    #expect(try run(shell, "kill -KILL $$").exit == .signalled("KILL"))
  }

  @Test func theEndOfInputReachesTheCommand() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    #expect(try run(shell, "cat; echo end", input: Array("hello ".utf8)).text == "hello end\n")
  }

  @Test func manyCommandsRunAtOnce() throws {
    let server = try TestSSHServer(options: ["MaxSessions 40"])
    let shell = try server.connect()
    let commands = try (0..<30).map { try shell.start("cat; sleep 0.\($0 % 3); echo \($0); exit \($0)") }
    for (index, command) in commands.enumerated() {
      let ran = try finish(command, input: Array("in \(index) ".utf8))
      #expect(ran.text == "in \(index) \(index)\n")
      #expect(ran.exit == .exited(index))
    }
  }

  @Test func commandsBeyondTheHostsLimitAreRefusedAndOthersGoOn() throws {
    let server = try TestSSHServer(options: ["MaxSessions 2"])
    let shell = try server.connect()
    let first = try shell.start("cat")
    let second = try shell.start("cat")
    let error = failure { _ = try shell.start("true") }
    #expect(error?.code == .broken)
    #expect(error?.message.contains("MaxSessions") == true)
    #expect(try finish(first, input: [65]).text == "A")
    #expect(try finish(second, input: [66]).text == "B")
    #expect(try run(shell, "echo again").text == "again\n")
  }

  @Test func aCommandThatNobodyReadsAnyMoreIsEnded() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let marker = server.folder.file("pid")
    var command: RemoteCommand? = try shell.start("echo $$ > \(marker); exec yes")
    try eventually("the command's pid") { server.folder.read("pid")?.contains("\n") == true }
    let pid = try #require(Int32(server.folder.read("pid")?.trimmingCharacters(in: .newlines) ?? ""))
    withExtendedLifetime(command) {}
    command = nil
    try eventually("the end of the command") { kill(pid, 0) != 0 }
    #expect(try run(shell, "echo still here").text == "still here\n")
  }

  @Test func aHostThatGoesAwayLosesItsCommands() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let command = try shell.start("echo ready; sleep 100")
    var byte = [UInt8](repeating: 0, count: 1)
    try eventually("its first output") { read(command.output.number, &byte, 1) == 1 }
    server.stop()
    let ran = try finish(command)
    guard case .lost(let reason) = ran.exit else {
      Issue.record("\(String(describing: ran.exit))")
      return
    }
    #expect(reason.contains("testhost"))
    #expect(failure { _ = try shell.start("true") }?.code == .broken)
  }

  @Test func closingEndsCommandsAtOnceAlsoWhenTheHostHangs() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let command = try shell.start("cat")
    server.suspend(true)
    defer { server.suspend(false) }
    let start = HostClock.now
    shell.close()
    #expect(HostClock.now - start < .seconds(2))
    guard case .lost = command.status else {
      Issue.record("\(String(describing: command.status))")
      return
    }
    #expect(failure { _ = try shell.start("true") }?.code == .broken)
  }

  @Test func commandsTooLongOrWithNULAreRefusedHere() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let long = "true " + String(repeating: "x", count: LibSSH2Shell.commandLimit)
    #expect(failure { _ = try shell.start(long) }?.code == .configuration)
    #expect(failure { _ = try shell.start("true\0") }?.code == .configuration)
    let longest = "echo " + String(repeating: "x", count: LibSSH2Shell.commandLimit - 5)
    #expect(try run(shell, longest).output.count == LibSSH2Shell.commandLimit - 4)
  }

  @Test func theWriterSeesThatTheCommandIsGone() throws {
    let server = try TestSSHServer()
    let shell = try server.connect()
    let command = try shell.start("true")
    let piece = [UInt8](repeating: 0, count: 65_536)
    try eventually("a broken pipe") {
      guard let input = command.input else { return true }
      return write(input.number, piece, piece.count) < 0 && errno == EPIPE
    }
    #expect(command.status == .exited(0))
  }
}
