import HostSystem
import NIOSSL

extension PageServer {
  /// What the page is served with where others could listen.
  public struct Encryption: Sendable {
    /// The path of a file in PEM format: the certificate, then those that it is vouched for by.
    public var certificate: String
    /// The path of a file in PEM format, readable by its owner alone.
    public var key: String

    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }

    func configuration() throws(DashboardError) -> TLSConfiguration {
      let chain: [NIOSSLCertificate]
      do {
        chain = try NIOSSLCertificate.fromPEMBytes(Files.read(certificate, limit: 1 << 20))
      } catch {
        throw DashboardError("\(certificate) is no certificate in PEM format: \(error)", isUsage: true)
      }
      guard !chain.isEmpty else {
        throw DashboardError("\(certificate) holds no certificate in PEM format", isUsage: true)
      }
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try privateKey()))
      configuration.minimumTLSVersion = .tlsv12
      do {
        _ = try NIOSSLContext(configuration: configuration)
      } catch {
        throw DashboardError(
          "the key of \(key) is not the one of the certificate of \(certificate): \(error)", isUsage: true)
      }
      return configuration
    }

    private func privateKey() throws(DashboardError) -> NIOSSLPrivateKey {
      do {
        if let status = try Files.status(key, followingLinks: true), status.mode & 0o077 != 0 {
          throw DashboardError("other users can read \(key); keep it to yourself: chmod 600 \(key)", isUsage: true)
        }
        return try NIOSSLPrivateKey(bytes: Files.read(key, limit: 1 << 20), format: .pem)
      } catch let error as DashboardError {
        throw error
      } catch {
        throw DashboardError("\(key) is no private key in PEM format: \(error)", isUsage: true)
      }
    }
  }
}
