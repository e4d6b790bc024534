import CoordinatorService
import Dashboard
import Glibc
import HostSystem
import TuningModel
import Wire

/// The page of one run, with the file that tells of it.
struct Page: Sendable {
  private let folder: RunFolder
  private let server: PageServer

  init(_ command: PashaPage) throws {
    let path = command.folder.contains("/") ? command.folder : "./" + command.folder
    let folder = try RunFolder.find(path, in: RunFolder.home)
    self.folder = folder
    let source = RunSource(
      name: folder.name, folder: folder.path, journal: folder.journal, version: PashaVersion.current,
      specification: { try folder.specification() }, service: { folder.service }, ask: { folder.ask($0) })
    var options = PageServer.Options(
      address: command.listen, port: command.port ?? command.tryPort, takesCommands: !command.readOnly,
      guardsReading: command.guardReading)
    options.takesAnotherPort = command.port == nil
    options.hostNames = command.hostName
    if let certificate = command.tlsCertificate, let key = command.tlsKey {
      options.encryption = PageServer.Encryption(certificate: certificate, key: key)
    }
    options.token = folder.token
    server = try PageServer(source, options)
  }

  func serve(until ending: Ending) async throws {
    let (folder, server) = (folder, server)
    // Removed only where it is still that of this process: another one may serve the page by then.
    defer { forget() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await server.run { url, _ in
          let record = JSONValue.object([
            .init("url", .string(url)), .init("token", .string(server.token)), .init("pid", .int(ProcessTable.ownPID)),
          ])
          do {
            if folder.token != server.token {
              try Files.writeDurably(folder.pageToken, Array((server.token + "\n").utf8), mode: 0o600)
            }
            // The first one that serves it is the one that is told of.
            if folder.servedPage == nil {
              try Files.writeDurably(folder.pageRecord, record.jsonBytes(.strict), mode: 0o600)
            }
          } catch {
            complain("pasha-page: \(error)")
          }
          // Who reads this line may be gone.
          _ = try? Descriptor.duplicate(1).write(
            Array(JSONValue.object([.init("url", .string(url))]).jsonText(.strict).utf8) + [0x0A])
        }
      }
      group.addTask {
        await ending.wait()
        server.finish()
        // Time for the streams to tell it.
        try? await Task.sleep(for: .milliseconds(200))
        // The server is not cancelled: SwiftNIO traps where connections wait to be taken in then.
        forget()
        _exit(0)
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private func forget() { folder.forgetPage(of: ProcessTable.ownPID) }
}
