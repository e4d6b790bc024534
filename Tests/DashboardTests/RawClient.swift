import Dashboard
import Glibc
import HostSystem
import TuningModel

/// A TCP connection without any manners of its own.
final class RawClient {
  private let socket: Descriptor

  init(port: Int) throws {
    let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { throw SystemError(errno, "make", "a socket") }
    socket = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(number, $0, size) }
    }
    guard result == 0 else { throw SystemError(errno, "connect to", "port \(port)") }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes {
        Glibc.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw SystemError(errno, "send") }
      offset += count
    }
  }

  /// All that comes until the other side closes. Throws when it has not by then.
  func readAll(within limit: Duration) throws -> [UInt8] {
    var all: [UInt8] = []
    let deadline = HostClock.now + limit
    while let piece = try read(until: deadline) { all += piece }
    return all
  }

  /// What comes until some text has.
  func read(upTo text: String, within limit: Duration) throws -> String {
    var all = ""
    let deadline = HostClock.now + limit
    do {
      while !all.contains(text), let piece = try read(until: deadline) { all += String(decoding: piece, as: UTF8.self) }
    } catch {
      throw DashboardError("\(text) did not come, but \(all)")
    }
    return all
  }

  /// nil: it is closed.
  private func read(until deadline: Instant) throws -> [UInt8]? {
    var item = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    let left = max(0, (deadline - HostClock.now).wholeMilliseconds)
    guard poll(&item, 1, Int32(left)) > 0 else { throw DashboardError("nothing came, and the connection is open") }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket.number, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }
}
