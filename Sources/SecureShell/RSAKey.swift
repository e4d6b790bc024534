import CSSH2
import Glibc

/// An RSA private key in memory, by libcrypto.
final class RSAKey {
  private let key: OpaquePointer

  private init(owning key: OpaquePointer) { self.key = key }

  deinit { EVP_PKEY_free(key) }

  /// What a file in PEM holds.
  enum PEM {
    case rsa(RSAKey)
    /// A key of another kind.
    case other
    /// The passphrase is wrong, or the file is broken.
    case unreadable
  }

  /// Reads PEM, also encrypted.
  static func read(pem: [UInt8], passphrase: String) -> PEM {
    guard let source = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return .unreadable }
    defer { BIO_free(source) }
    // Without a passphrase to take, libcrypto would ask on the terminal.
    let found = passphrase.withCString { text in
      PEM_read_bio_PrivateKey(source, nil, nil, UnsafeMutableRawPointer(mutating: text))
    }
    guard let found else { return .unreadable }
    if EVP_PKEY_get_base_id(found) == EVP_PKEY_RSA { return .rsa(RSAKey(owning: found)) }
    EVP_PKEY_free(found)
    return .other
  }

  /// Makes a key of its numbers, most significant byte first.
  init?(modulus: [UInt8], exponent: [UInt8], secret: [UInt8]) {
    guard max(modulus.count, exponent.count, secret.count) <= 4096, let builder = OSSL_PARAM_BLD_new() else {
      return nil
    }
    var numbers: [OpaquePointer?] = []
    // The builder keeps the names' memory, not their letters.
    let texts: [String] = [OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D]
    let names = texts.map { strdup($0) }
    defer {
      OSSL_PARAM_BLD_free(builder)
      for number in numbers { BN_clear_free(number) }
      for name in names { free(name) }
    }
    for (name, bytes) in zip(names, [modulus, exponent, secret]) {
      let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
      numbers.append(number)
      guard number != nil, OSSL_PARAM_BLD_push_BN(builder, name, number) == 1 else { return nil }
    }
    guard let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
    defer { OSSL_PARAM_free(parameters) }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var made: OpaquePointer?
    // EVP_PKEY_KEYPAIR is an expression that Swift does not see: both halves and the parameters.
    let selection = Int32(0x01 | 0x02 | 0x04 | 0x80)
    guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &made, selection, parameters) == 1,
      let made
    else { return nil }
    key = made
  }

  /// The public half under a name of its own: libssh2 takes the algorithm of the signature from it.
  func blob(named name: String) -> [UInt8]? {
    guard let exponent = number(OSSL_PKEY_PARAM_RSA_E), let modulus = number(OSSL_PKEY_PARAM_RSA_N) else { return nil }
    var writer = SSHWriter()
    writer.string(name)
    writer.mpint(exponent)
    writer.mpint(modulus)
    return writer.bytes
  }

  /// The signature of rsa-sha2-512 (RFC 8332).
  func signature(of data: [UInt8]) -> [UInt8]? {
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var count = Int(EVP_PKEY_get_size(key))
    guard count > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    guard EVP_DigestSignInit(context, nil, EVP_sha512(), nil, key) == 1,
      EVP_DigestSign(context, &bytes, &count, data, data.count) == 1, count <= bytes.count
    else { return nil }
    return Array(bytes.prefix(count))
  }

  private func number(_ name: String) -> [UInt8]? {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    BN_bn2bin(number, &bytes)
    return bytes
  }
}
