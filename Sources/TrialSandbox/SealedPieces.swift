import Glibc
import HostSystem
import TuningModel
import Wire

/// Answers questions for pieces of sealed checkpoints. For one thread.
public final class SealedPieces {
  private struct Entry {
    let name: CheckpointName
    let manifest: TreeManifest
    let folder: String
  }

  /// The seal folder of a trial.
  private let folder: (TrialID) -> String
  /// The checkpoints asked for last, newest first.
  private var entries: [Entry] = []
  /// The file that was read last.
  private var file: (path: String, descriptor: Descriptor)?
  private static let limit = 8

  public init(folder: @escaping (TrialID) -> String) { self.folder = folder }

  /// The piece; `missing` when the checkpoint is not here, or is not what it was.
  public func answer(_ request: CheckpointRequest) -> CheckpointAnswer {
    do {
      let entry = try entry(request.name)
      switch request.piece {
      case .manifest: return answer(request, .manifest(entry.manifest))
      case .chunk(let file, let offset, let length):
        return answer(request, .chunk(file: file, offset: offset, bytes: try read(entry, file, offset, length)))
      }
    } catch {
      entries.removeAll { $0.name == request.name }
      return answer(request, .missing("\(error)"))
    }
  }

  private func answer(_ request: CheckpointRequest, _ content: CheckpointAnswer.Content) -> CheckpointAnswer {
    CheckpointAnswer(agent: request.agent, name: request.name, content: content)
  }

  private func entry(_ name: CheckpointName) throws -> Entry {
    if let known = entries.first(where: { $0.name == name }) { return known }
    let seals = SealFolder(folder(name.trial))
    guard let seal = seals.seal(name.generation), seal.hash == name.hash else {
      throw CheckpointError(.missing, "\(seals.path) does not hold generation \(name.generation)")
    }
    let entry = Entry(
      name: name, manifest: try seals.manifest(of: name.generation), folder: seals.files(of: name.generation))
    entries.insert(entry, at: 0)
    if entries.count > Self.limit { entries.removeLast() }
    return entry
  }

  private func read(_ entry: Entry, _ index: Int, _ offset: Int, _ length: Int) throws -> [UInt8] {
    guard entry.manifest.entries.indices.contains(index),
      case .file(let size, _, _) = entry.manifest.entries[index].kind,
      offset + length <= size
    else { throw CheckpointError(.missing, "there is no such piece of the checkpoint") }
    let path = "\(entry.folder)/\(entry.manifest.entries[index].path)"
    if file?.path != path { file = (path, try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)) }
    guard let bytes = try file?.descriptor.read(at: offset, upTo: length), bytes.count == length else {
      throw CheckpointError(.damaged, "\(path) is shorter than it was when it was sealed")
    }
    return bytes
  }
}
