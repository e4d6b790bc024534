import Foundation
import Glibc
import HostSystem
import Launching
import TestSupport
import Testing

/// Bundles are made whole, once, and only of programs that hosts can run.
@Suite struct BundleMakingTests {
  @Test func aBundleHoldsTheProgramItsLoaderAndItsLibraries() throws {
    let bundle = try MadeBundle.get()
    let folder = TemporaryFolder("unpacked")
    try MadeBundle.unpack(bundle, into: folder.path)
    let entries = try Folders.list(folder.path)
    let names = entries.map(\.name)
    for name in ["pasha-agent", "pasha-agent.sh", "libc.so.6", "libzmq.so.5", "libsodium.so.23"] {
      #expect(names.contains(name), "\(names)")
    }
    #expect(names.count { $0.hasPrefix("ld-linux") } == 1)
    #expect(entries.allSatisfy { $0.status.kind == .file && $0.status.isExecutable })
    #expect(entries.reduce(0) { $0 + $1.status.size } == bundle.unpackedBytes)
    #expect(try SHA256.hash(Files.read(bundle.path, limit: 1 << 30)) == bundle.hash)
    #expect(try Files.status(bundle.path)?.size == bundle.bytes)
    let machine = try CommandProcess("/bin/uname", ["-m"])
    try machine.wait()
    #expect(machine.output == bundle.machine + "\n")
  }

  @Test(.enabled(if: MadeBundle.releaseAgent != nil, "PASHA_RELEASE_AGENT names the agent as hosts get it"))
  func aReleaseBundleIsAtMost25Megabytes() throws {
    let folder = TemporaryFolder("bundles")
    let clock = ContinuousClock()
    var bundle = try MadeBundle.get()
    let making = try clock.measure {
      bundle = try AgentBundle.make(executable: MadeBundle.executable, cache: folder.path)
    }
    let finding = try clock.measure {
      bundle = try AgentBundle.make(executable: MadeBundle.executable, cache: folder.path)
    }
    #expect(bundle.unpackedBytes <= 25_000_000)
    print(
      "bundle: \(bundle.unpackedBytes) bytes unpacked, \(bundle.bytes) packed, made in \(making), found in \(finding)")
  }

  @Test func theSameProgramGivesTheSameBytes() throws {
    let folder = TemporaryFolder("bundles")
    let other = try AgentBundle.make(executable: MadeBundle.executable, cache: folder.file("another"))
    #expect(try other.hash == MadeBundle.get().hash)
    #expect(try Folders.list(folder.file("another")).count == 3, "the packed file, its description and the lock")
  }

  @Test func aKnownBundleIsNotMadeAgainAndADamagedOneIs() throws {
    let folder = TemporaryFolder("bundles")
    let small = try smallProgram(folder)
    let first = try AgentBundle.make(executable: small, cache: folder.file("cache"))
    let inode = try Files.status(first.path)?.inode
    #expect(try AgentBundle.make(executable: small, cache: folder.file("cache")) == first)
    #expect(try Files.status(first.path)?.inode == inode)
    #expect(truncate(first.path, 100) == 0)
    #expect(try AgentBundle.make(executable: small, cache: folder.file("cache")) == first)
    #expect(try Files.status(first.path)?.size == first.bytes)
  }

  @Test func aProgramBuiltAnewIsAnotherBundle() throws {
    let folder = TemporaryFolder("bundles")
    let first = try AgentBundle.make(executable: smallProgram(folder), cache: folder.file("cache"))
    let second = try AgentBundle.make(executable: smallProgram(folder, "/bin/date"), cache: folder.file("cache"))
    #expect(first.hash != second.hash)
    #expect(Files.exists(first.path))
  }

  @Test func manyAtOnceMakeOne() throws {
    let folder = TemporaryFolder("bundles")
    let small = try smallProgram(folder)
    let results = Locked<[Result<AgentBundle, BundleError>]>([])
    let threads = (0..<6).map { _ in
      let thread = Thread {
        let result = Result { () throws(BundleError) in
          try AgentBundle.make(executable: small, cache: folder.file("cache"))
        }
        results.withLock { $0.append(result) }
      }
      thread.start()
      return thread
    }
    try eventually("the bundles", within: .seconds(60)) { threads.allSatisfy(\.isFinished) }
    let bundles = try results.withLock { $0 }.map { try $0.get() }
    #expect(bundles.count == 6)
    #expect(Set(bundles.map(\.hash)).count == 1)
    #expect(try Folders.list(folder.file("cache")).count == 3)
  }

  @Test func whatIsNoProgramIsRefused() throws {
    let folder = TemporaryFolder("bundles")
    let script = try folder.write(
      "script", "#!/bin/sh\necho not a program, though long enough to hold a header\n", mode: 0o755)
    #expect(refusal(of: script, folder)?.code == .unsuitable)
    #expect(refusal(of: script, folder)?.message.contains("not a program") == true)
    #expect(refusal(of: folder.file("absent"), folder)?.code == .notFound)
    #expect(refusal(of: folder.path, folder)?.code == .unsuitable)
    #expect(!Files.exists(folder.file("cache")), "nothing is written before the program was looked at")
  }

  @Test func programsOfOtherMachinesAreRefused() throws {
    let folder = TemporaryFolder("bundles")
    for (machine, number) in [("aarch64", UInt8(183)), ("x86_64", 62)] {
      let program = folder.file(machine)
      try Files.writeAtomically(program, header(machine: number), mode: 0o755)
      let error = try #require(refusal(of: program, folder))
      // A header alone has no loader, on whichever machine this runs.
      let isOwn = try MadeBundle.get().machine == machine
      #expect(error.code == (isOwn ? .unsuitable : .architecture))
      #expect(error.message.contains(isOwn ? "no loader" : machine), "\(error)")
    }
    let odd = folder.file("odd")
    try Files.writeAtomically(odd, header(machine: 243), mode: 0o755)
    #expect(refusal(of: odd, folder)?.code == .architecture)
    var bytes = header(machine: 62)
    bytes[4] = 1
    try Files.writeAtomically(odd, bytes, mode: 0o755)
    #expect(refusal(of: odd, folder)?.code == .architecture)
  }

  @Test func damagedProgramsAreRefusedAndNeverTrap() throws {
    let folder = TemporaryFolder("bundles")
    let whole = try Files.read("/bin/true", limit: 1 << 20)
    var random = SystemRandomNumberGenerator()
    let program = folder.file("program")
    for cut in [63, 64, 65, 300, 900] {
      try Files.writeAtomically(program, whole.prefix(cut), mode: 0o755)
      #expect(refusal(of: program, folder) != nil)
    }
    for _ in 0..<40 {
      var bytes = Array(whole.prefix(2_048))
      for _ in 0..<4 { bytes[Int.random(in: 16..<1_024, using: &random)] = .random(in: 0...255, using: &random) }
      try Files.writeAtomically(program, bytes, mode: 0o755)
      #expect(refusal(of: program, folder) != nil)
    }
  }

  @Test func aProgramThatDoesNotStartIsNotPassedOn() throws {
    let folder = TemporaryFolder("bundles")
    let error = refusal(of: try smallProgram(folder, "/bin/false"), folder)
    #expect(error?.code == .broken)
    #expect(error?.message.contains("status 1") == true, "\(String(describing: error))")
    let left = try Folders.list(folder.file("cache")).map(\.name)
    #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(left)")
  }

  /// A copy of a small program, which answers to `--version` as agents do.
  private func smallProgram(_ folder: TemporaryFolder, _ program: String = "/bin/true") throws -> String {
    let path = folder.file("small")
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(
      atPath: URL(fileURLWithPath: program).resolvingSymlinksInPath().path, toPath: path)
    return path
  }

  private func refusal(of program: String, _ folder: TemporaryFolder) -> BundleError? {
    do throws(BundleError) {
      _ = try AgentBundle.make(executable: program, cache: folder.file("cache"))
      return nil
    } catch {
      return error
    }
  }

  /// The first 64 bytes of a program: 64 bits, least significant byte first, no segments.
  private func header(machine: UInt8) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    bytes.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    bytes[16] = 3
    bytes[18] = machine
    bytes[54] = 56
    return bytes
  }
}
