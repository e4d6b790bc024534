import HostSystem

/// Looks for damage in SQLite's write-ahead log that SQLite itself takes for the end of the log
/// (https://www.sqlite.org/fileformat.html#the_write_ahead_log).
///
/// A crash leaves whole transactions and at most one torn one at the end: that is no damage, and SQLite drops it. When
/// a broken frame is followed by frames of more than one transaction, those were synced before, what broke was whole
/// once, and dropping the rest would lose what was acknowledged.
struct WriteAheadLogCheck {
  private static let headerBytes = 32
  private static let frameHeaderBytes = 24

  private let file: Descriptor
  private let pageBytes: Int
  private let isBigEndian: Bool
  /// Of this use of the file; what stands behind its end has others. nil when the header is broken.
  private let salts: ArraySlice<UInt8>?
  /// What the first frame's sums begin with.
  private let seed: Sums

  /// Throws `damaged` with the place; a log that is not there, or empty, is fine. `pageBytes` is the database's.
  /// - Returns: how many bytes of a transaction that was cut off stand at its end, which SQLite drops.
  @discardableResult
  static func check(journal path: String, pageBytes: Int) throws(JournalError) -> Int {
    let place: String?
    do throws(SystemError) {
      place = try damage(in: path + "-wal", pageBytes: pageBytes)
      if place == nil { return try tornBytes(of: path + "-wal", pageBytes: pageBytes) }
    } catch {
      throw JournalError(system: error, path)
    }
    guard let place else { return 0 }
    throw JournalError(
      .damaged, path,
      "the log beside it, \(Files.name(of: path))-wal, is damaged in \(place), and facts that were committed follow. "
        + "Put both files back from a copy, or start a new run")
  }

  private static func damage(in log: String, pageBytes: Int) throws(SystemError) -> String? {
    guard let status = try Files.status(log), status.size > headerBytes else { return nil }
    let file = try Descriptor.open(log, 0)
    let header = try file.read(at: 0, upTo: headerBytes)
    guard header.count == headerBytes else { return nil }
    let check = WriteAheadLogCheck(file: file, header: header, pageBytes: pageBytes)
    guard let broken = try check.firstBrokenFrame() else { return nil }
    guard try check.commits(from: broken.index, after: broken.sums, limit: 2) > 1 else { return nil }
    return check.salts == nil ? "its header" : "frame \(broken.index + 1) at byte \(check.offset(of: broken.index))"
  }

  private static func tornBytes(of log: String, pageBytes: Int) throws(SystemError) -> Int {
    guard let status = try Files.status(log), status.size > headerBytes else { return 0 }
    let file = try Descriptor.open(log, 0)
    let header = try file.read(at: 0, upTo: headerBytes)
    guard header.count == headerBytes else { return 0 }
    let check = WriteAheadLogCheck(file: file, header: header, pageBytes: pageBytes)
    guard let salts = check.salts else { return 0 }
    var sums = check.seed
    var index = 0
    var committed = 0
    while let frame = try check.frame(index, after: sums), frame.isOfThisLog, frame.isWhole {
      sums = frame.sums
      index += 1
      if frame.isCommit { committed = index }
    }
    // Behind the last commit: frames of this use of the file, pages that never reached the disk, and a piece of one.
    let size = frameHeaderBytes + check.pageBytes
    var torn = 0
    while true {
      let bytes = try file.read(at: check.offset(of: committed) + torn, upTo: size)
      guard !bytes.isEmpty else { return torn }
      let isOurs = bytes.count < 16 || bytes[8..<16].elementsEqual(salts)
      guard isOurs || bytes.allSatisfy({ $0 == 0 }) else { return torn }
      torn += bytes.count
      if bytes.count < size { return torn }
    }
  }

  private init(file: Descriptor, header: [UInt8], pageBytes: Int) {
    self.file = file
    let magic = header.word(at: 0, bigEndian: true)
    isBigEndian = magic == 0x377F_0683
    seed = Sums(first: header.word(at: 24, bigEndian: true), second: header.word(at: 28, bigEndian: true))
    var own = Sums()
    own.add(header[..<24], bigEndian: isBigEndian)
    let isWhole = own == seed && magic & ~1 == 0x377F_0682
    salts = isWhole ? header[16..<24] : nil
    self.pageBytes = isWhole ? Int(header.word(at: 8, bigEndian: true)) : pageBytes
  }

  private func offset(of frame: Int) -> Int { Self.headerBytes + frame * (Self.frameHeaderBytes + pageBytes) }

  fileprivate struct Sums: Equatable {
    var first: UInt32 = 0
    var second: UInt32 = 0

    mutating func add(_ bytes: ArraySlice<UInt8>, bigEndian: Bool) {
      bytes.withUnsafeBytes { words in
        for index in stride(from: 0, to: words.count - 7, by: 8) {
          let a = words.loadUnaligned(fromByteOffset: index, as: UInt32.self)
          let b = words.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self)
          first &+= (bigEndian ? a.bigEndian : a.littleEndian) &+ second
          second &+= (bigEndian ? b.bigEndian : b.littleEndian) &+ first
        }
      }
    }
  }

  private struct Frame {
    var isOfThisLog: Bool
    var isWhole: Bool
    var isCommit: Bool
    /// As they stand in the frame: what the next frame's sums begin with.
    var sums: Sums
  }

  /// The frame, nil behind the end of the file. Each can be checked alone, since the one before holds its sums.
  private func frame(_ index: Int, after sums: Sums) throws(SystemError) -> Frame? {
    let size = Self.frameHeaderBytes + pageBytes
    let bytes = try file.read(at: offset(of: index), upTo: size)
    guard bytes.count == size else { return nil }
    let stored = Sums(first: bytes.word(at: 16, bigEndian: true), second: bytes.word(at: 20, bigEndian: true))
    var computed = sums
    computed.add(bytes[..<8], bigEndian: isBigEndian)
    computed.add(bytes[Self.frameHeaderBytes...], bigEndian: isBigEndian)
    return Frame(
      isOfThisLog: salts.map { bytes[8..<16].elementsEqual($0) } ?? true, isWhole: computed == stored,
      isCommit: bytes.word(at: 4, bigEndian: true) != 0, sums: stored)
  }

  /// The first frame that SQLite would not take, and the sums that stand before it. Under a broken header it takes none.
  private func firstBrokenFrame() throws(SystemError) -> (index: Int, sums: Sums)? {
    guard salts != nil else { return (0, seed) }
    var sums = seed
    var index = 0
    while let frame = try frame(index, after: sums) {
      guard frame.isOfThisLog, frame.isWhole else { return (index, sums) }
      sums = frame.sums
      index += 1
    }
    return nil
  }

  /// How many transactions end in or behind a broken frame, counted up to `limit`. Frames of an older use of the file
  /// have other salts and do not count.
  private func commits(from broken: Int, after sums: Sums, limit: Int) throws(SystemError) -> Int {
    var sums = sums
    var index = broken
    var count = 0
    while count < limit, let frame = try frame(index, after: sums) {
      if frame.isOfThisLog, frame.isCommit, frame.isWhole || index == broken { count += 1 }
      sums = frame.sums
      index += 1
    }
    return count
  }
}

extension [UInt8] {
  fileprivate func word(at index: Int, bigEndian: Bool) -> UInt32 {
    let value = withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index, as: UInt32.self) }
    return bigEndian ? value.bigEndian : value.littleEndian
  }
}
