import Glibc
import HostSystem
import TestSupport
import Testing

@testable import Tunnel

@Suite("The relay's folder")
struct RelayFolderTests {
  private func refusal(_ path: String) -> TunnelError? {
    do throws(TunnelError) {
      try RelayFolder(path).prepare()
      return nil
    } catch {
      return error
    }
  }

  @Test("It is made for its user alone, or made so")
  func made() throws {
    let place = TemporaryFolder("relay")
    let path = place.file("r")
    #expect(refusal(path) == nil)
    #expect(try Files.status(path)?.mode == 0o700)
    try #require(chmod(path, 0o777) == 0)
    #expect(refusal(path) == nil)
    #expect(try Files.status(path)?.mode == 0o700)
  }

  @Test("Links, files, relative and long names are refused")
  func refused() throws {
    let place = TemporaryFolder("relay")
    try place.write("file", "x")
    try Files.makeLink(place.file("link"), to: place.path)
    try Files.makeLink(place.file("dangling"), to: place.file("nothing"))
    for name in ["link", "dangling", "file", "a/b"] {
      let error = refusal(place.file(name))
      #expect(error?.code == .folder, "\(name)")
      #expect(error?.message.contains(place.file(name)) == true, "\(name)")
    }
    #expect(refusal("r")?.message.contains("absolute") == true)
    let long = place.file(String(repeating: "x", count: 107 - place.path.utf8.count - 2))
    #expect(refusal(long)?.message.contains("shorter") == true)
    #expect(refusal(String(long.dropLast())) == nil)
  }

  @Test("Another user's folder is refused", .enabled(if: geteuid() == 0, "only root makes folders of others"))
  func foreign() throws {
    let place = TemporaryFolder("relay")
    let path = place.file("r")
    try Files.makeFolder(path)
    try #require(chown(path, 12_345, 12_345) == 0)
    #expect(refusal(path)?.message.contains("belongs to user 12345") == true)
  }

  @Test("Names give short folders, the same each time and for each name another")
  func standard() {
    let folder = RelayFolder.standard(for: "run-1")
    #expect(folder == .standard(for: "run-1"))
    #expect(folder != .standard(for: "run-2"))
    #expect(folder.path.hasPrefix("/tmp/pasha-\(geteuid())-"))
    #expect(folder.path.utf8.count < 40)
    #expect(RelayCommand.folder(["--run", "run-1"]) == folder)
    #expect(RelayCommand.folder(["--dir", "/x"]) == RelayFolder("/x"))
    #expect(RelayCommand.folder([]) != nil)
    #expect(RelayCommand.folder(["--dir"]) == nil)
    #expect(RelayCommand.folder(["x", "y"]) == nil)
  }

  @Test("Records of the lock are read as they were written, and nothing else is")
  func records() {
    let record = RelayLock.Record(pid: 4711, start: 123_456, heard: 987_654_321_000)
    #expect(RelayLock.Record(record.text) == record)
    #expect(record.text.utf8.count == RelayLock.Record(pid: 1, start: 0, heard: .max).text.utf8.count)
    for text in ["", "1 2", "1 2 3 4", "a b c", "99999999999999999999 1 1"] { #expect(RelayLock.Record(text) == nil) }
  }

  @Test("Addresses are numbers and a port")
  func addresses() {
    #expect(LocalAddress("127.0.0.1:80")?.description == "127.0.0.1:80")
    #expect(LocalAddress("[::1]:80")?.description == "[::1]:80")
    #expect(LocalAddress("localhost:1")?.host == "127.0.0.1")
    for text in ["", ":", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "host.lab:1", "127.0.0.1:x", "[::1]"] {
      #expect(LocalAddress(text) == nil, "\(text)")
    }
  }
}
