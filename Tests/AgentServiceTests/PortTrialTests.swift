import Glibc
import HostSystem
import Testing

@testable import AgentService

struct PortTrialTests {
  @Test func aPortIsOfTheMachineThatSSHCameFrom() throws {
    #expect(PortTrial("4711", client: "10.0.0.7 50000 10.0.0.1 22")?.address == "10.0.0.7:4711")
    #expect(PortTrial("4711", client: "fe80::1 50000 fe80::2 22")?.address == "[fe80::1]:4711")
    #expect(PortTrial("login.lab:4711", client: nil)?.address == "login.lab:4711")
    #expect(PortTrial("[::1]:4711", client: nil)?.address == "[::1]:4711")
    for text in ["4711", "0", "65536", "login.lab", "", "a b:1"] {
      #expect(PortTrial(text, client: nil) == nil, "\(text)")
    }
  }

  @Test func aPortThatListensIsReachedAndOthersAreNot() throws {
    let listener = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener.number, raw, size) == 0 && getsockname(listener.number, raw, &size) == 0
      }
    }
    #expect(isBound)
    let port = Int(UInt16(bigEndian: address.sin_port))
    let trial = try #require(PortTrial("127.0.0.1:\(port)", client: nil))
    #expect(trial.problem() == "Connection refused")
    #expect(listen(listener.number, 1) == 0)
    #expect(trial.problem() == nil)
    #expect(PortTrial("no-such-host.invalid:1", client: nil)?.problem()?.contains("no-such-host.invalid") == true)
  }
}
