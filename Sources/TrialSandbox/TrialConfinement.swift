import HostSystem
import Wire

/// Whether this host confines its trials, as the cluster file asks for it (`sandbox`).
///
/// Landlock's version 1 (Linux 5.13 to 5.18) refuses to rename from one folder into another wherever it is, and scripts
/// that save well do just that: with it trials are confined only where that is required.
public enum TrialConfinement: Equatable, Sendable {
  case confined
  /// Trials run unconfined; nil: they are meant to.
  case unconfined(warning: String?)
  /// No trial may run here, and why.
  case refused(String)

  /// The version of Landlock under which training works as it does without.
  public static let workingVersion = 2
  /// From this version on a trial can signal nobody outside.
  public static let signalsVersion = 6

  /// What the level comes to on this host.
  public init(_ level: SandboxPlan.Level) { self.init(level, version: Landlock.abi, missing: Landlock.missing) }

  init(_ level: SandboxPlan.Level, version: Int, missing: String?) {
    let lack = missing ?? "there is no Landlock"
    switch (level, version) {
    case (.off, _): self = .unconfined(warning: nil)
    case (.required, ..<1):
      self = .refused(
        "trials cannot be confined on this host: \(lack); without `sandbox: required` in the cluster file it takes trials"
      )
    case (.default, ..<1): self = .unconfined(warning: "trials run unconfined on this host: \(lack)")
    case (.default, ..<Self.workingVersion):
      self = .unconfined(
        warning: "trials run unconfined on this host: Landlock of \(Landlock.kernel) refuses renames from folder to "
          + "folder; with Linux 5.19 or newer, or with `sandbox: required`, they are confined")
    case (.required, _), (.default, _): self = .confined
    }
  }

  /// What a version of Landlock (0: there is none) means for trials, in a few words for a table.
  public static func summary(version: Int) -> String {
    switch version {
    case ..<1: "none"
    case ..<workingVersion: "only when required"
    case ..<signalsVersion: "files"
    default: "files and signals"
    }
  }

  /// What holds a trial's number of processes until it is ended for it: `control group`, `user` (the limit of the user) or
  /// `count` (nothing but the supervisor's count). Tries it.
  public static func processBound() -> String {
    let name = "pasha-look-\(ProcessTable.ownPID)"
    let group = ControlGroup(name: name, mostProcesses: SandboxPlan.defaultProcesses)
    defer { group?.remove() }
    if group?.isBounded == true { return "control group" }
    return OwnProcess.isRoot ? "count" : "user"
  }

  /// What the trial of the plan is started with; nil: unconfined. Its folders must be there. `notSupported` where the
  /// host cannot confine it and must.
  static func ruleset(
    _ plan: AttemptPlan, folder: AttemptFolder, note: (String) -> Void
  ) throws(SystemError) -> LandlockRuleset? {
    switch TrialConfinement(plan.sandbox.level) {
    case .refused(let reason): throw SystemError(.notSupported, message: reason)
    case .unconfined(let warning):
      if let warning { note(warning) }
      return nil
    case .confined: break
    }
    let ruleset = try LandlockRuleset()
    let places = WritablePlaces(plan: plan, folder: folder)
    for place in places.own { try ruleset.allow(place.path, place.access) }
    for place in places.outside(note: note) {
      do throws(SystemError) {
        try ruleset.allow(place.path, place.access)
      } catch {
        // It was there a moment ago, or lies on a file system that cannot be ruled over.
        note(error.message)
      }
    }
    return ruleset
  }
}
