import Foundation
import HostSystem
import Launching
import TestSupport
import Testing
import TuningModel

extension LaunchingOverSSH {
  /// How the packed bundle gets onto a host.
  @Suite struct UploadTests {
    func folders(_ host: LaunchedHost) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(host.workFolder)/bundles")) ?? []).sorted()
    }

    func uploads(_ launch: DrivenLaunch) -> Int {
      launch.events.filter { if case .uploaded = $0 { true } else { false } }.count
    }

    @Test(arguments: ["openssh", "libssh2"]) func aBundleIsBroughtOnceAndUsedFromThere(client: String) throws {
      let host = try LaunchedHost()
      let bundle = try TestBundle(in: host.home, filler: 20 << 20)
      let first = try host.launch(host.task(.end, bundle: bundle, client: client))
      #expect(try first.last() == .ended(agents: 0, attempts: 0))
      #expect(uploads(first) == 1)
      #expect(folders(host) == [bundle.hash])
      let second = try host.launch(host.task(.end, bundle: bundle, client: client))
      #expect(try second.last() == .ended(agents: 0, attempts: 0))
      #expect(uploads(second) == 0)
      var info = stat()
      #expect(stat("\(host.workFolder)/bundles", &info) == 0 && info.st_mode & 0o777 == 0o700)
    }

    @Test func twoUploadsAtOnceAreHarmless() throws {
      let host = try LaunchedHost()
      let bundle = try TestBundle(in: host.home, filler: 4 << 20)
      let launches = try (0..<3).map { _ in try host.launch(host.task(.end, bundle: bundle)) }
      for launch in launches { #expect(try launch.last() == .ended(agents: 0, attempts: 0)) }
      #expect(folders(host) == [bundle.hash])
      let content = try FileManager.default.contentsOfDirectory(atPath: "\(host.workFolder)/bundles/\(bundle.hash)")
      #expect(content.sorted() == ["complete", "filler", "ld-linux-x86-64.so.2", "pasha-agent"])
    }

    @Test func aBrokenUploadIsClearedAwayAndDoneAgain() throws {
      // The host's cat stops in the middle and the server is killed with it.
      let bin = TemporaryFolder("bin")
      try bin.write("cat", "#!/bin/sh\nhead -c 1000000; echo $$ > \(bin.file("pid"))\nexec sleep 1000\n", mode: 0o755)
      let host = try LaunchedHost(path: bin.path)
      let bundle = try TestBundle(in: host.home, filler: 8 << 20)
      let launch = try host.launch(host.task(.end, bundle: bundle))
      try launch.until("the upload") { event in if case .uploading = event { () } else { nil } }
      let reader = try eventually("the upload's first megabyte") {
        bin.read("pid").flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      }
      defer { kill(reader, SIGKILL) }
      host.server.stop()
      let failure = try launch.failure()
      #expect(failure.code == "broken" && failure.isRetryable, "\(failure)")
      // What the break left: a folder whose process is gone. One of a living process stays.
      let living = "\(host.workFolder)/bundles/.new.\(hostName()).\(getpid())"
      try FileManager.default.createDirectory(atPath: living, withIntermediateDirectories: true)
      let dead = "\(host.workFolder)/bundles/.new.\(hostName()).4194999"
      try FileManager.default.createDirectory(atPath: "\(dead)/x", withIntermediateDirectories: true)
      try FileManager.default.removeItem(atPath: bin.file("cat"))
      try host.server.start()
      let second = try host.launch(host.task(.end, bundle: bundle))
      #expect(try second.last() == .ended(agents: 0, attempts: 0))
      #expect(uploads(second) == 1)
      #expect(folders(host).contains(bundle.hash) && !FileManager.default.fileExists(atPath: dead))
      #expect(FileManager.default.fileExists(atPath: living))
    }

    @Test func whatArrivesDamagedIsRefused() throws {
      let host = try LaunchedHost()
      let bundle = try TestBundle(in: host.home)
      var task = host.task(.end, bundle: bundle)
      let wrong = String(repeating: "a", count: 64)
      task.program = .bundle(path: bundle.path, hash: wrong, bytes: bundle.bytes)
      let failure = try host.launch(task).failure()
      #expect(failure.code == HostFailure.upload && failure.isRetryable, "\(failure)")
      #expect(folders(host).isEmpty)
      let text = try host.home.write("text", "no archive")
      task.program = .bundle(path: text, hash: SHA256.hash("no archive".utf8), bytes: 10)
      let other = try host.launch(task).failure()
      #expect(other.code == HostFailure.upload && other.message.contains("unpacked"), "\(other)")
      #expect(folders(host).isEmpty)
      task.program = .bundle(path: "/nowhere/bundle", hash: wrong, bytes: 10)
      #expect(try host.launch(task).failure().message.contains("/nowhere/bundle"))
    }

    /// A disk that is found to be full before the upload, and one that fills up meanwhile.
    @Test(arguments: [1, 20]) func aFullDiskIsToldApart(megabytes: Int) throws {
      let host = try LaunchedHost()
      try FileManager.default.createDirectory(atPath: host.workFolder, withIntermediateDirectories: true)
      let mount = try CommandProcess(
        "/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", host.workFolder])
      guard try mount.wait() == 0 else { throw WaitedInVain(description: "mount: \(mount.errors)") }
      defer { _ = try? CommandProcess("/bin/umount", ["-l", host.workFolder]).wait() }
      // What does not compress: packed and unpacked at once it does not fit into the larger one.
      let bundle = try TestBundle(in: host.home, filler: 12 << 20)
      var task = host.task(.end, bundle: bundle)
      // As if it were small: the check before the upload lets it pass.
      if megabytes == 20 { task.program = .bundle(path: bundle.path, hash: bundle.hash, bytes: 1 << 20) }
      let failure = try host.launch(task).failure()
      #expect(failure.code == HostFailure.diskFull && failure.message.contains("work_dir"), "\(failure)")
      #expect(folders(host).isEmpty)
    }

    private func hostName() -> String { HostIdentity.hostname() }
  }
}
