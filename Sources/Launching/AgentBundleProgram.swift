import Glibc
import HostSystem

/// A program as its file describes itself (ELF, System V ABI chapters 4 and 5).
struct AgentBundleProgram: Equatable {
  let path: String
  /// What it is called in the folder.
  let name: String
  /// What `uname -m` says where it runs.
  let machine: String
  /// The loader that it asks for.
  let loader: String

  /// Machines that an agent can be built for, by the number in the file's header.
  private static let machines: [UInt64: String] = [62: "x86_64", 183: "aarch64"]
  private static let interpreterSegment: UInt64 = 3
  private static let pathLimit = 4_096
  private static let segmentLimit = 256

  /// Reads the file. Programs for other machines than this one are refused: their libraries are not here.
  init(_ path: String, as name: String) throws(BundleError) {
    let file: Descriptor
    let header: [UInt8]
    do throws(SystemError) {
      guard let status = try Files.status(path, followingLinks: true) else {
        throw SystemError(.notFound, message: "\(path) does not exist; build it, or set PASHA_AGENT to its path")
      }
      guard status.kind == .file else { throw SystemError(.unsuitable, message: "\(path) is not a regular file") }
      file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
      header = try file.read(at: 0, upTo: 64)
    } catch {
      throw BundleError(error.code == .notFound ? .notFound : .unsuitable, error.message)
    }
    guard header.count == 64, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw BundleError(.unsuitable, "\(path) is not a program (an ELF file): nothing that hosts could run")
    }
    let field = ELFField(bytes: header)
    guard header[4] == 2, header[5] == 1, let machine = Self.machines[field.number(at: 18, 2)] else {
      throw BundleError(
        .architecture,
        "\(path) is built for a machine that is not known here (number \(field.number(at: 18, 2)), "
          + "\(header[4] == 2 ? 64 : 32) bits); agents run on x86_64 and aarch64")
    }
    guard machine == Self.ownMachine else {
      throw BundleError(
        .architecture, "\(path) is built for \(machine), and this machine is \(Self.ownMachine): build it here")
    }
    self.path = path
    self.name = name
    self.machine = machine
    loader = try Self.loader(in: file, header: field, path: path)
  }

  /// The file in the folder that starts it.
  var script: String { name + ".sh" }

  /// What `uname -m` says here.
  static var ownMachine: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func loader(in file: Descriptor, header: ELFField, path: String) throws(BundleError) -> String {
    let (table, size, count) = (header.number(at: 32, 8), header.number(at: 54, 2), header.number(at: 56, 2))
    guard size == 56, count <= segmentLimit, table < 1 << 40 else {
      throw BundleError(.unsuitable, "\(path) is damaged: its table of segments makes no sense")
    }
    do throws(SystemError) {
      for index in 0..<count {
        let bytes = try file.read(at: Int(table + index * size), upTo: Int(size))
        guard bytes.count == Int(size) else { break }
        let segment = ELFField(bytes: bytes)
        guard segment.number(at: 0, 4) == interpreterSegment else { continue }
        let (offset, length) = (segment.number(at: 8, 8), segment.number(at: 32, 8))
        guard offset < 1 << 40, length <= pathLimit else { break }
        let text = try file.read(at: Int(offset), upTo: Int(length)).prefix { $0 != 0 }
        guard text.first == UInt8(ascii: "/") else { break }
        return String(decoding: text, as: UTF8.self)
      }
    } catch {
      throw BundleError(.unsuitable, "\(path): \(error.message)")
    }
    throw BundleError(
      .unsuitable, "\(path) names no loader: it is damaged, or linked statically, which agents are not")
  }
}

/// Numbers in a piece of an ELF file, least significant byte first.
struct ELFField {
  let bytes: [UInt8]

  /// The number of `size` bytes at an offset that lies in the piece.
  func number(at offset: Int, _ size: Int) -> UInt64 {
    bytes[offset..<(offset + size)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
