import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import Launching
import Presentation
import Scheduling
import TuningModel

extension Commands {
  /// Looks at what commonly goes wrong before a run: this machine, and with a cluster file the file, its code and each of
  /// its hosts.
  public static func doctor(file: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let state = Files.parent(of: home)
    var all: [(subject: String, findings: [Finding])] = []
    func tell(_ subject: String, _ findings: [Finding]) {
      all.append((subject, findings))
      if !json { show(([Presentation.printable(subject)] + findings.map(\.line)).joined(separator: "\n")) }
    }

    var specification: RunSpecification?
    var fileFindings: [Finding] = []
    if let file { (specification, fileFindings) = look(at: file) }
    let hosts = specification?.cluster.hosts ?? []
    tell(
      "this machine",
      OwnMachine(state: state, hosts: file == nil ? nil : hosts.count(where: ClusterOptions.isRemote)).findings())
    if let file { tell(file, fileFindings) }
    if let specification {
      for (name, findings) in lookAtHosts(of: specification, state: state) { tell(name, findings) }
    }

    let levels = all.flatMap(\.findings).map(\.level)
    let (failures, warnings) = (levels.count { $0 == .failure }, levels.count { $0 == .warning })
    if json {
      show(
        JSONValue.object([
          .init("ok", .bool(failures == 0)),
          .init(
            "findings", .array(all.flatMap { part in part.findings.map { $0.json(of: part.subject) } })),
        ]).jsonText(.strict))
    } else {
      func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
      show("\(count(failures, "failure")), \(count(warnings, "warning"))")
    }
    return failures == 0 ? .success : .runFailed
  }

  private static func look(at file: String) -> (RunSpecification?, [Finding]) {
    do {
      let decoded = try ClusterFile.load(path: file)
      let experiment = decoded.specification.experiment
      var findings = decoded.warnings.map { Finding.warning("file", $0.description) }
      findings.insert(.ok("file", "no mistakes"), at: 0)
      if let folder = experiment.codeFolder {
        do {
          let tree = try CodeTree.scan(folder: folder)
          findings.append(
            .ok(
              "code",
              "\(Presentation.entries(tree.manifest.entries.count)), \(Presentation.bytes(tree.bytes)), \(folder)"))
          if let warning = EntryPointCheck.warning(experiment, tree) { findings.append(.failure("code", warning)) }
        } catch {
          findings.append(.failure("code", "\(error)"))
        }
      } else if let warning = EntryPointCheck.warning(experiment, nil) {
        findings.append(.failure("code", warning))
      }
      if let program = decoded.specification.program {
        let check = ProgramCheck(program, decoded.specification, file: file)
        findings.append(
          check.problem.map { .failure("scheduler", $0) } ?? .ok("scheduler", "answers \(check.answer ?? "")"))
      }
      return (decoded.specification, findings)
    } catch {
      return (nil, error.problems.map { .failure("file", $0.description) })
    }
  }

  private static func lookAtHosts(
    of specification: RunSpecification, state: String
  ) -> [(name: String, findings: [Finding])] {
    let cluster = specification.cluster
    let programs = HostReport.programs(of: specification.experiment)
    do {
      let agent = try agentExecutable()
      guard !cluster.hosts.isEmpty else {
        var report = HostReport(HostOptions(name: "local", host: "local"))
        report.look(at: agent, cluster, programs: programs)
        return [("trials on this machine", report.findings(specification))]
      }
      let port = try? OpenPort()
      defer { withExtendedLifetime(port) {} }
      let isRemote = cluster.hosts.contains(where: ClusterOptions.isRemote)
      var checks = HostChecks(
        cluster: cluster,
        program: isRemote ? try AgentProgram.forHosts(agent, state: state) : .installed(path: agent),
        executable: isRemote ? try launchExecutable() : "", knownHosts: AgentProgram.knownHosts(state: state),
        programs: programs)
      // A run of such a file listens where hosts are not meant to come.
      if cluster.listeningAddress != "127.0.0.1" { checks.port = port?.number }
      return try checks.run { _ in }.map { ($0.host.name, $0.findings(specification)) }
    } catch {
      return [("hosts", [.failure("hosts", "they could not be looked at: \(error)")])]
    }
  }
}

/// A port of this machine that takes connections and does nothing with them: whether hosts can reach it says whether they
/// can reach a coordinator here.
private final class OpenPort {
  let number: Int
  private let socket: Descriptor

  init() throws(SystemError) {
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    let socket = Descriptor(owning: try OpenPort.checked(Glibc.socket(AF_INET, flags, 0)))
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(socket.number, raw, size) == 0 && listen(socket.number, 256) == 0
          && getsockname(socket.number, raw, &size) == 0
      }
    }
    guard isBound else { throw SystemError(errno, "open", "a port") }
    self.socket = socket
    number = Int(UInt16(bigEndian: address.sin_port))
  }

  private static func checked(_ number: Int32) throws(SystemError) -> Int32 {
    guard number >= 0 else { throw SystemError(errno, "open", "a port") }
    return number
  }
}
