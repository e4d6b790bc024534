import Coordination
import Launching
import Presentation
import TrialSandbox
import TuningModel

extension HostReport {
  /// All that was looked at, for `doctor`: the faults, and what is as it should be.
  func findings(_ specification: RunSpecification) -> [Finding] {
    let cluster = specification.cluster
    let faults = faults(cluster, entryPoint: specification.experiment.entryPoint)
    return Aspect.allCases.flatMap { aspect -> [Finding] in
      let found = faults.filter { $0.aspect == aspect }
      if found.isEmpty { return words(aspect, cluster).map { [.ok(aspect.rawValue, $0)] } ?? [] }
      return found.map { fault in
        let fix = aspect == .login && fault.fix.isEmpty ? wayOut : fault.fix
        return Finding(level: fault.isError ? .failure : .warning, check: aspect.rawValue, text: fault.text, fix: fix)
      }
    }
  }

  /// For a login that failed; what is special about it stands in the message.
  private var wayOut: String {
    guard ClusterOptions.isRemote(host) else { return "" }
    return "`ssh -v \(host.user.map { "\($0)@" } ?? "")\(host.host) true` shows more, Docs/hosts.md the causes"
  }

  /// What is as it should be; nil: it was not looked at.
  private func words(_ aspect: Aspect, _ cluster: ClusterOptions) -> String? {
    guard failure == nil, let facts, let report else { return nil }
    switch aspect {
    case .login:
      let key = hostKey.map { ", host key \($0) is known" } ?? ""
      let system = "\(facts.machine), Linux \(facts.kernel), glibc \(report.text("glibc") ?? "?")"
      return ClusterOptions.isRemote(host) ? "reached in \(row[1])\(key); \(system)" : system
    case .workDirectory: return report.member("work_dir")?.text("path").map { "\($0) can be written" }
    case .disk: return "\(row[3]) free"
    case .clock: return ClusterOptions.isRemote(host) ? row[2] == "same" ? "the same as here" : row[2] : nil
    case .program:
      guard case .object(let found)? = report.member("programs") else { return nil }
      let version = report.member("python3")?.text("version")
      return found.map { program in
        let path = if case .string(let path) = program.value { path } else { program.key }
        return program.key == "python3" && version != nil ? "\(path), \(version ?? "")" : path
      }.joined(separator: ", ")
    case .sandbox: return TrialConfinement.summary(version: report.whole("landlock_abi") ?? 0)
    case .gpus: return gpuSummary + (report.text("gpu_driver").map { ", driver \($0)" } ?? "")
    case .connection:
      if let reach = report.member("reach") { return "reaches this machine at \(reach.text("address") ?? "?")" }
      let isTunnelled = ClusterOptions.isRemote(host) && (host.connect ?? cluster.connect) == .tunnel
      return isTunnelled ? "through the SSH connection" : nil
    }
  }
}
