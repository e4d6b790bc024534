import Glibc
import HostSystem
import TuningModel
import Wire

/// The sealed generations of a trial's checkpoint: `GEN/` holds the files, `GEN.manifest` lists and hashes them,
/// `GEN.seal` is written last and makes the generation count. A sealed generation is never written again.
public struct SealFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// The seals of all generations that count, oldest first. What cannot be read is left out.
  public func seals() -> [Seal] {
    let numbers = names().compactMap { name in name.hasSuffix(".seal") ? Int(name.dropLast(5)) : nil }
    return numbers.sorted().compactMap(seal)
  }

  /// The seal of a generation, nil when it does not count or cannot be read.
  public func seal(_ generation: Int) -> Seal? {
    guard let bytes = try? Files.read("\(path)/\(generation).seal", limit: WireLimits.supervisorMessageBytes),
      let seal = try? Seal(decoding: bytes), seal.generation == generation
    else { return nil }
    return seal
  }

  /// The folder with a generation's files.
  public func files(of generation: Int) -> String { "\(path)/\(generation)" }

  /// The list of a generation's files, checked against its seal.
  public func manifest(of generation: Int) throws(CheckpointError) -> TreeManifest {
    guard let seal = seal(generation) else {
      throw CheckpointError(.missing, "there is no sealed generation \(generation) in \(path)")
    }
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Files.read("\(path)/\(generation).manifest", limit: WireLimits.coordinatorBulkMessageBytes)
    } catch {
      throw CheckpointError(.damaged, error.message)
    }
    guard SHA256.hash(bytes) == seal.hash, let manifest = try? TreeManifest(decoding: bytes) else {
      throw CheckpointError(.damaged, "the manifest of generation \(generation) in \(path) is damaged")
    }
    return manifest
  }

  /// Seals what is in the live folder as a new generation, on the disk when this returns, and deletes old generations
  /// beyond `keeping`. Nil when the folder holds nothing, or just what `restored` says.
  ///
  /// No process may write to the folder meanwhile. Links that lead out of it and what is neither file, folder nor link
  /// are left out, each with a `note`. The new generation's number is above all that are there and above `above`.
  func seal(
    _ live: String, unlessEqualTo restored: TreeManifest?, above: Int, keeping: Int, note: (String) -> Void,
    _ make: (_ generation: Int, _ hash: String, _ files: Int, _ bytes: Int) -> Seal
  ) throws(CheckpointError) -> Seal? {
    let isWritten = try CheckpointError.onHost { () throws(SystemError) in
      guard try holdsAnything(live) else { return false }
      try Files.makeFolder(path, intermediates: true)
      return true
    }
    guard isWritten else { return nil }
    let generation = max(above, numbers().max() ?? 0) + 1
    guard generation < WireLimits.maximumID else {
      throw CheckpointError(.host, "no number is left for another generation in \(path)")
    }
    let temporary = "\(path)/.\(generation).new"
    defer { try? Folders.removeTree(temporary) }
    let manifest = try TreeSealing.copy(live, into: temporary, note: note)
    if manifest.entries.isEmpty || manifest == restored { return nil }

    let bytes = manifest.encoded()
    let sizes = manifest.entries.compactMap { entry in
      if case .file(let size, _, _) = entry.kind { size } else { nil }
    }
    let seal = make(generation, SHA256.hash(bytes), sizes.count, sizes.reduce(0, +))
    try CheckpointError.onHost { () throws(SystemError) in
      try Files.rename(temporary, to: files(of: generation))
      try Files.writeDurably("\(path)/\(generation).manifest", bytes)
      try Files.writeDurably("\(path)/\(generation).seal", seal.encoded())
    }
    prune(keeping: keeping, note: note)
    return seal
  }

  /// Puts a working copy of a generation in place of the live folder, verified by hash; where it is missing or damaged,
  /// the newest one before it. Gives the generation taken and its manifest.
  func restore(
    _ generation: Int, into live: String, note: (String) -> Void
  ) throws(CheckpointError) -> (Int, TreeManifest) {
    let earlier = seals().map(\.generation).filter { $0 < generation }.reversed()
    var failure = CheckpointError(.missing, "there is no sealed generation \(generation) in \(path)")
    for candidate in [generation] + earlier {
      do throws(CheckpointError) {
        let manifest = try manifest(of: candidate)
        let temporary = "\(live).new"
        try TreeRestoring.copy(manifest, from: files(of: candidate), into: temporary)
        try replace(live, with: temporary)
        return (candidate, manifest)
      } catch {
        note(error.message)
        if error.code == .host { throw error }
        if candidate == generation { failure = error }
      }
    }
    throw failure
  }

  /// Makes the live folder an empty one.
  func empty(live: String) throws(CheckpointError) {
    try CheckpointError.onHost { () throws(SystemError) in
      try Folders.removeTree(live)
      try Files.makeFolder(live)
    }
  }

  private func replace(_ live: String, with temporary: String) throws(CheckpointError) {
    try CheckpointError.onHost { () throws(SystemError) in
      try Folders.removeTree(live)
      try Files.rename(temporary, to: live)
    }
  }

  private func prune(keeping: Int, note: (String) -> Void) {
    for seal in seals().dropLast(max(1, keeping)) {
      do throws(SystemError) {
        try delete(seal.generation)
      } catch {
        note(error.message)
      }
    }
  }

  /// The seal goes first: what is half deleted does not count.
  private func delete(_ generation: Int) throws(SystemError) {
    try Files.removeFile("\(path)/\(generation).seal")
    try Files.removeFile("\(path)/\(generation).manifest")
    try Folders.removeTree(files(of: generation))
  }

  private func holdsAnything(_ live: String) throws(SystemError) -> Bool {
    guard try Files.status(live)?.kind == .folder else { return false }
    return try !Folders.list(live).isEmpty
  }

  private func names() -> [String] { ((try? Folders.list(path)) ?? []).map(\.name) }

  /// Numbers of generations of which anything is there. What has a number that no generation can have is not ours.
  private func numbers() -> Set<Int> {
    let all = names().compactMap { name in name.split(separator: ".").first.flatMap { Int($0) } }
    return Set(all.filter { (1..<WireLimits.maximumID - 1).contains($0) })
  }
}
