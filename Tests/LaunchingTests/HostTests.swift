import Foundation
import HostSystem
import Launching
import TestSupport
import Testing
import TuningModel

extension LaunchingOverSSH {
  /// What hosts are like: shells, noise, other systems, what is missing there.
  @Suite struct HostTests {
    /// A program that comes before the system's in `PATH`.
    func fake(_ name: String, _ script: String) throws -> TemporaryFolder {
      let folder = TemporaryFolder("bin")
      try folder.write(name, "#!/bin/sh\n\(script)\n", mode: 0o755)
      return folder
    }

    /// A tool that answers any inspection.
    func inspected(_ host: LaunchedHost) throws -> [HostEvent] {
      var task = host.task(.inspect)
      let tool = try host.home.write("tool", "#!/bin/sh\necho '{}'\n", mode: 0o700)
      task.program = .installed(path: tool)
      let launch = try host.launch(task)
      guard case .inspected = try launch.last() else {
        throw WaitedInVain(description: "\(launch.events) \(host.server.log.suffix(500))")
      }
      return launch.events
    }

    /// Those of the shells that are here; bash and dash always are.
    static let shells = ["bash", "dash", "zsh", "fish", "tcsh", "csh", "mksh"].compactMap { name in
      ["/bin/\(name)", "/usr/bin/\(name)"].first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    @Test(arguments: shells) func anyLoginShellWillDo(_ shell: String) throws {
      let host = try LaunchedHost(shell: shell)
      let events = try inspected(host)
      #expect(events.contains { if case .probed(let facts) = $0 { facts.user == NSUserName() } else { false } })
      let bundle = try TestBundle(in: host.home)
      let launch = try host.launch(host.task(.end, bundle: bundle))
      #expect(try launch.last() == .ended(agents: 0, attempts: 0))
    }

    @Test func bashAndDashAreAmongTheShells() {
      #expect(Self.shells.contains { $0.hasSuffix("/bash") } && Self.shells.contains { $0.hasSuffix("/dash") })
    }

    @Test func whatALoginPrintsIsPassedOver() throws {
      let host = try LaunchedHost()
      let noise = """
        printf 'welcome to %s' "$(uname -n)"
        echo '{"public_key":"a","pid":1,"machine_id":"b"}'
        echo 'pasha-1:system=Plan9' ; echo oops >&2
        head -c 100000 /dev/zero | tr '\\0' x
        """
      try host.home.write(".bashrc", noise)
      let events = try inspected(host)
      #expect(events.contains { if case .probed(let facts) = $0 { facts.system == "Linux" } else { false } })
      let launch = try host.launch(host.task(.agent))
      let pid = try launch.until("the agent's key") { event in
        if case .announced(_, let pid, _) = event { pid } else { nil }
      }
      #expect(pid > 1)
      launch.launch.giveUp()
      _ = try launch.failure()
    }

    @Test func aLoginThatPrintsWithoutEndIsToldApart() throws {
      let host = try LaunchedHost()
      try host.home.write(".bashrc", "yes nonsense\n")
      let failure = try host.launch(host.task(.inspect)).failure()
      #expect(failure.code == HostFailure.system && failure.message.contains("without end"), "\(failure)")
    }

    @Test func aRestrictedShellIsNamed() throws {
      let host = try LaunchedHost(shell: "/bin/bash -r")
      let failure = try host.launch(host.task(.inspect)).failure()
      #expect(failure.code == HostFailure.system && failure.message.contains("restricted"), "\(failure)")
      #expect(!failure.isRetryable)
    }

    @Test func aLoginThatRunsNoCommandsIsNamed() throws {
      let host = try LaunchedHost(options: ["ForceCommand echo This account is currently not available.; exit 1"])
      let failure = try host.launch(host.task(.inspect)).failure()
      #expect(failure.code == HostFailure.system && failure.message.contains("exit status 1"), "\(failure)")
    }

    @Test func anotherProcessorIsNoHostForTheAgent() throws {
      let bin = try fake("uname", #"case "$1" in -m) echo aarch64;; *) exec /bin/uname "$@";; esac"#)
      let host = try LaunchedHost(path: bin.path)
      let failure = try host.launch(host.task(.agent)).failure()
      #expect(failure.code == HostFailure.architecture && failure.message.contains("aarch64"), "\(failure)")
      #expect(failure.message.hasPrefix("box: ") && !failure.isRetryable)
    }

    @Test func anotherSystemIsNoHostForTheAgent() throws {
      let bin = try fake("uname", #"case "$1" in -s) echo FreeBSD;; *) exec /bin/uname "$@";; esac"#)
      let host = try LaunchedHost(path: bin.path)
      let failure = try host.launch(host.task(.agent)).failure()
      #expect(failure.code == HostFailure.system && failure.message.contains("FreeBSD"), "\(failure)")
    }

    @Test func aHostWithoutProcIsToldApart() throws {
      let host = try LaunchedHost(options: [
        #"ForceCommand unshare -m sh -c "mount -t tmpfs none /proc; exec sh -c \"\$SSH_ORIGINAL_COMMAND\"""#
      ])
      let failure = try host.launch(host.task(.agent)).failure()
      #expect(failure.code == HostFailure.noProc && failure.message.contains("/proc"), "\(failure)")
    }

    @Test func aWorkFolderThatCannotBeMadeIsNamed() throws {
      let host = try LaunchedHost()
      try host.home.write("work", "a file")
      let bundle = try TestBundle(in: host.home)
      let failure = try host.launch(host.task(.agent, bundle: bundle)).failure()
      #expect(failure.code == HostFailure.workDirectory && failure.message.contains(host.workFolder), "\(failure)")
    }

    /// Steps at which a host may fall silent: when it is looked at, during the upload, at the start of the program.
    @Test(arguments: [
      ("*getconf*", "*"), (#"*"tar -xzof"*"#, "*"), ("", #"*getconf*|*"tar -xzof"*"#),
    ]) func aHostThatHangsCostsABoundedTime(_ hangs: String, _ goesOn: String) throws {
      let hang = hangs.isEmpty ? "" : "\(hangs)) exec sleep 1000;; "
      let host = try LaunchedHost(options: [
        "ForceCommand case \"$SSH_ORIGINAL_COMMAND\" in \(hang)\(goesOn)) exec sh -c \"$SSH_ORIGINAL_COMMAND\";; "
          + "*) exec sleep 1000;; esac"
      ])
      let bundle = try TestBundle(in: host.home)
      let launch = try host.launch(host.task(.end, bundle: bundle, answerLimit: .seconds(2)))
      let failure = try launch.failure()
      #expect(failure.code == "timeout" && failure.isRetryable, "\(failure)")
      #expect(failure.message.contains("while"))
      try launch.waitForEnd()
    }

    @Test func anAgentThatHangsAtItsStartCostsABoundedTime() throws {
      let host = try LaunchedHost()
      var task = host.task(.agent, answerLimit: .seconds(2))
      task.program = .installed(
        path: try host.home.write("agent", "#!/bin/sh\necho dying >&2\nsleep 1000\n", mode: 0o700))
      let failure = try host.launch(task).failure()
      #expect(failure.code == "timeout" && failure.message.contains("dying"), "\(failure)")
    }

    @Test func aServerThatHangsCostsABoundedTime() throws {
      let host = try LaunchedHost()
      host.server.suspend(true)
      defer { host.server.suspend(false) }
      var task = host.task(.inspect)
      task.ssh.stepLimit = .seconds(2)
      let launch = try host.launch(task)
      let failure = try launch.failure()
      #expect(failure.code == "timeout" && failure.isRetryable, "\(failure)")
      // And the end of the owner's interest ends it at any moment.
      let second = try host.launch(host.task(.inspect))
      second.launch.giveUp()
      try eventually("the end of pasha-launch") {
        _ = second.launch.step()
        return second.launch.hasEnded
      }
    }

    @Test func aConnectionThatBreaksIsToldApart() throws {
      let host = try LaunchedHost()
      let launch = try host.launch(host.task(.agent))
      try launch.until("the agent's key") { event in if case .announced = event { () } else { nil } }
      host.server.stop()
      launch.launch.confirm(LaunchAddress(serverKey: "k", host: "127.0.0.1", control: 1, bulk: 2))
      let failure = try launch.failure()
      #expect(failure.code == "broken" && failure.isRetryable, "\(failure)")
    }
  }
}
