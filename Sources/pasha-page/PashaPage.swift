import ArgumentParser
import CoordinatorService
import Dashboard
import HostSystem
import TuningModel
import Wire

/// Serves the page of one run: a process of its own beside the coordinator.
@main
struct PashaPage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pasha-page",
    abstract: "Serve the page of a run on this machine, from its journal.",
    discussion: "Prints the page's address as one line of JSON. `pasha-coord` starts it; it ends with a signal.",
    version: PashaVersion.current)

  @Argument(help: "The folder of the run.")
  var folder: String
  @Option(help: "An address of this machine; others than 127.0.0.1 and ::1 with a certificate alone.")
  var listen = "127.0.0.1"
  @Option(help: "The port; 0: any that is free. Without it --try-port.")
  var port: Int?
  @Option(help: "The port that is tried first; where it is in use, any that is free.")
  var tryPort = 8700
  @Option(
    help: "A certificate, with those that it is vouched for by: a PEM file. With it the page is served encrypted.")
  var tlsCertificate: String?
  @Option(help: "The certificate's private key: a PEM file that its owner alone can read.")
  var tlsKey: String?
  @Option(help: "A name under which browsers may ask, beside the address; may be given several times.")
  var hostName: [String] = []
  @Flag(help: "End when standard input ends.")
  var withParent = false
  @Flag(help: "Show the run and take no commands, as for one that has ended.")
  var readOnly = false
  @Flag(help: "Ask for the token for reading too.")
  var guardReading = false

  static func main() {
    ProgramFile.begin("pasha-page")
    main(nil)
  }

  func validate() throws {
    if let port, !(0...65_535).contains(port) { throw ValidationError("--port must be 0…65535, not \(port)") }
    guard (1...65_535).contains(tryPort) else { throw ValidationError("--try-port must be 1…65535, not \(tryPort)") }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together")
    }
  }

  func run() throws {
    do {
      // Signals are taken before there are threads that they could reach.
      let ending = try Ending(withParent: withParent)
      let page = try Page(self)
      let outcome = Locked<(any Error)?>(nil)
      let done = Locked(false)
      guard let end = Wakeup() else { throw DashboardError("no file descriptor is left (ulimit -n)") }
      Task.detached {
        do {
          try await page.serve(until: ending)
        } catch {
          outcome.withLock { $0 = error }
        }
        done.withLock { $0 = true }
        end.signal()
      }
      let loop = try EventLoop()
      try loop.watch(number: end.descriptor, token: 0)
      while !done.withLock({ $0 }) { _ = try loop.wait() }
      if let error = outcome.withLock({ $0 }) { throw error }
    } catch let error as DashboardError where error.isUsage {
      complain("pasha-page: \(error)")
      throw ArgumentParser.ExitCode(CoordinatorService.ExitCode.usage.rawValue)
    } catch {
      complain("pasha-page: \(error)")
      throw ArgumentParser.ExitCode(CoordinatorService.exitCode(of: error).rawValue)
    }
  }
}
