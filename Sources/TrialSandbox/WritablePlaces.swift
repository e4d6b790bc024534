import Glibc
import HostSystem
import Wire

/// Where a confined trial may change files. `Docs/security.md` has the list for people.
struct WritablePlaces {
  struct Place: Equatable {
    var path: String
    var access: LandlockAccess
  }

  private let plan: AttemptPlan
  private let folder: AttemptFolder
  /// The trial's folder, with what it must not touch: seals, plans, exit files.
  private let trialFolder: String
  private let home: String?

  init(plan: AttemptPlan, folder: AttemptFolder) {
    self.plan = plan
    self.folder = folder
    trialFolder = Files.parent(of: plan.checkpointFolder)
    home = Self.home(plan)
  }

  /// The trial's own: these are there.
  var own: [Place] {
    // A script may open /dev/stdout and /dev/stderr, which are these files.
    [plan.checkpointFolder, plan.workFolder].map { Place(path: $0, access: .own) }
      + [folder.output, folder.error].map { Place(path: $0, access: .overwrite) }
  }

  /// What is of the host's, links resolved, each once, as far as it exists.
  func outside(note: (String) -> Void) -> [Place] {
    makeCaches()
    var found: [(named: String, place: Place)] = []
    for place in shared + caches {
      guard let path = Self.resolved(place.path) else { continue }
      if holdsTrials(path) {
        note("trials may not write to \(place.path), which holds their folders; they have a TMPDIR of their own")
      } else {
        found.append((place.path, Place(path: path, access: place.access)))
      }
    }
    for entry in plan.sandbox.writable {
      guard let named = absolute(entry), let path = Self.resolved(named) else {
        note("sandbox.writable: \(entry) does not exist on this host: trials cannot write there")
        continue
      }
      if holdsTrials(path) {
        note("sandbox.writable: \(entry) holds the folders of all trials: they can write to each other's")
      }
      found.append((named, Place(path: path, access: .own)))
    }
    return Self.outermost(found)
  }

  // MARK: The lists

  /// For all programs of the host.
  private var shared: [Place] {
    let files = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"].map { "/dev/\($0)" }
    return (files + accelerators).map { Place(path: $0, access: .overwrite) }
      + [temporary, "/dev/shm", "/tmp", "/var/tmp"].compactMap { $0 }.map { Place(path: $0, access: .own) }
  }

  private var temporary: String? { variable("TMPDIR") }

  /// GPUs, other accelerators, and the networks between them.
  private var accelerators: [String] {
    let prefixes = [
      "nvidia", "nvhost-", "nvmap", "nvgpu", "dri", "kfd", "accel", "vfio", "infiniband", "gdrdrv", "hl", "neuron",
      "davinci", "dxg", "xpmem", "knem",
    ]
    let names = ((try? Folders.list("/dev")) ?? []).map(\.name)
    return names.filter { name in prefixes.contains { name.hasPrefix($0) } }.map { "/dev/\($0)" }
  }

  /// Where libraries keep what they have fetched or compiled.
  private var caches: [Place] {
    let variables = [
      "XDG_CACHE_HOME", "TORCH_HOME", "TORCH_EXTENSIONS_DIR", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR",
      "TRITON_HOME", "HF_HOME", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "TRANSFORMERS_CACHE", "CUDA_CACHE_PATH",
      "CUPY_CACHE_DIR", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "KERAS_HOME", "TFDS_DATA_DIR", "JAX_COMPILATION_CACHE_DIR",
      "WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR", "PYTHONPYCACHEPREFIX",
    ]
    let folders = [
      ".cache", ".nv", ".triton", ".cupy", ".keras", ".config/matplotlib", ".config/wandb", ".local/share/wandb",
    ]
    let paths = variables.compactMap(variable) + folders.compactMap { folder in home.map { "\($0)/\(folder)" } }
    return paths.map { Place(path: $0, access: .own) }
  }

  /// On a fresh host these are not there yet, and a confined trial could not make them.
  private func makeCaches() {
    guard let home, (try? Files.status(home, followingLinks: true))?.kind == .folder else { return }
    let hasGPU = ["/dev/nvidiactl", "/dev/kfd"].contains { Files.exists($0) }
    for name in [".cache"] + (hasGPU ? [".nv", ".triton", ".cupy"] : []) { try? Files.makeFolder("\(home)/\(name)") }
  }

  // MARK: Paths

  /// Drops what lies in another place. It is ruled by that one already, and a trial could have put a link there that
  /// leads anywhere.
  private static func outermost(_ found: [(named: String, place: Place)]) -> [Place] {
    var kept: [Place] = []
    for (index, entry) in found.enumerated() {
      let parent = resolved(Files.parent(of: entry.named)) ?? entry.named
      let isInside = found.enumerated().contains { other, outer in
        other != index && outer.place.access == .own
          && (entry.named.isBelow(outer.named) || parent == outer.place.path || parent.isBelow(outer.place.path))
      }
      if !isInside, !kept.contains(entry.place) { kept.append(entry.place) }
    }
    return kept
  }

  private func holdsTrials(_ path: String) -> Bool {
    let trial = Self.resolved(trialFolder) ?? trialFolder
    return trial == path || trial.isBelow(path)
  }

  private func variable(_ name: String) -> String? {
    guard let value = plan.environment.last(where: { $0.name == name })?.value, value.hasPrefix("/") else { return nil }
    return value
  }

  private func absolute(_ entry: String) -> String? {
    if entry.hasPrefix("/") { return entry }
    guard let home, entry == "~" || entry.hasPrefix("~/") else { return nil }
    return home + entry.dropFirst()
  }

  /// What `~` is for the trial.
  private static func home(_ plan: AttemptPlan) -> String? {
    if let value = plan.environment.last(where: { $0.name == "HOME" })?.value {
      return value.hasPrefix("/") ? value : nil
    }
    guard let user = getpwuid(geteuid()), let home = user.pointee.pw_dir else { return nil }
    return String(cString: home)
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

extension String {
  /// Whether the path lies below another one, both without `.` and `..`.
  fileprivate func isBelow(_ folder: String) -> Bool { hasPrefix(folder.hasSuffix("/") ? folder : folder + "/") }
}
