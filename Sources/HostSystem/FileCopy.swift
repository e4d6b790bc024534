import CSandbox
import Glibc

/// The content of regular files: hashed, and copied so that shared blocks and holes stay what they are.
public enum FileCopy {
  /// Copies all of `from` to the empty file `to`: by sharing blocks where the file system can, else piece by piece
  /// without writing the holes.
  public static func content(
    from source: Descriptor, to target: Descriptor, path: String
  ) throws(SystemError) {
    if sandbox_reflink(target.number, source.number) == 0 { return }
    let size = try source.status().size
    _ = try checked("resize", path) { ftruncate(target.number, off_t(size)) }
    for piece in try pieces(of: source, size: size, path: path) {
      try copy(piece, from: source, to: target, path: path)
    }
  }

  /// SHA-256 of a file's content, in hexadecimal, and the number of bytes that were hashed.
  public static func hash(_ file: Descriptor) throws(SystemError) -> (hash: String, size: Int) {
    var hasher = SHA256()
    var offset = 0
    while true {
      let piece = try file.read(at: offset, upTo: 1 << 18)
      if piece.isEmpty { return (hasher.finish(), offset) }
      hasher.update(piece)
      offset += piece.count
    }
  }

  /// The parts of a file that hold data.
  private static func pieces(of file: Descriptor, size: Int, path: String) throws(SystemError) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var offset = 0
    while offset < size {
      let data = Int(sandbox_next_data(file.number, Int64(offset)))
      if data == -Int(ENXIO) { break }
      let hole = data < 0 ? data : Int(sandbox_next_hole(file.number, Int64(data)))
      // A file system that does not know holes: all of it is data.
      guard data >= 0, hole > data else { return [0..<size] }
      pieces.append(data..<min(hole, size))
      offset = hole
    }
    return pieces
  }

  private static func copy(
    _ piece: Range<Int>, from source: Descriptor, to target: Descriptor, path: String
  ) throws(SystemError) {
    var offset = piece.lowerBound
    var inKernel = true
    while offset < piece.upperBound {
      let rest = piece.upperBound - offset
      if inKernel {
        let count = sandbox_copy_range(source.number, target.number, Int64(offset), Int64(rest))
        if count == 0 { return }
        if count > 0 {
          offset += Int(count)
          continue
        }
        let number = Int32(-count)
        guard [EXDEV, ENOSYS, EOPNOTSUPP, EINVAL, EINTR].contains(number) else {
          throw SystemError(number, "copy", path)
        }
        inKernel = number == EINTR
        continue
      }
      let bytes = try source.read(at: offset, upTo: min(1 << 20, rest))
      if bytes.isEmpty { return }
      try target.write(bytes, at: offset)
      offset += bytes.count
    }
  }
}
