import Glibc
import HostSystem

extension KnownHosts {
  /// Notes the key of a host that was unknown, unless somebody else has noted one meanwhile.
  /// - Returns: what the file says now: `known`, or `changed` and `revoked` when it was written at the same time.
  static func add(
    to path: String, host: String, port: Int?, key blob: [UInt8]
  ) throws(SystemError) -> Verdict {
    guard let key = PublicKey(blob) else { return .unknown }
    try Files.makeFolder(Files.parent(of: path), intermediates: true)
    let lock = try FileLock.acquire(path, within: .seconds(5))
    defer { withExtendedLifetime(lock) {} }
    let before = KnownHosts(files: [path]).verdict(host: host, port: port, key: blob)
    guard before == .unknown else { return before }
    let file = try Descriptor.open(path, O_RDWR | O_APPEND)
    let size = try file.status().size
    let isOpenLine = size > 0 ? try file.read(at: size - 1, upTo: 1) != [UInt8(ascii: "\n")] : false
    let line = "\(name(host, port)) \(key.type) \(Base64.encode(blob))\n"
    try file.write(((isOpenLine ? "\n" : "") + line).utf8)
    try file.sync()
    return .known
  }
}
