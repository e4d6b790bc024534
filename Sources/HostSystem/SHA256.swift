import CZeroMQ

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by libsodium.
public struct SHA256 {
  private var state = crypto_hash_sha256_state()

  public init() { _ = crypto_hash_sha256_init(&state) }

  public mutating func update(_ bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      _ = crypto_hash_sha256_update(&state, buffer.baseAddress, UInt64(buffer.count))
    }
    if done == nil { update(Array(bytes)) }
  }

  /// The hash in hexadecimal. The value is used up.
  public mutating func finish() -> String {
    var hash = [UInt8](repeating: 0, count: 32)
    _ = crypto_hash_sha256_final(&state, &hash)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The hash of bytes at hand, in hexadecimal.
  public static func hash(_ bytes: some Collection<UInt8>) -> String {
    var hasher = SHA256()
    hasher.update(bytes)
    return hasher.finish()
  }
}
