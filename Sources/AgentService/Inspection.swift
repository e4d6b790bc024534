import Devices
import Glibc
import HostSystem
import TrialSandbox
import TuningModel

/// What a host has and lacks for being part of a farm, as one JSON object: what `pasha-agent inspect` prints and
/// `pasha-coord check` shows. What cannot be found out is `null`.
public enum Inspection {
  /// The report as one line of text; see `report`.
  public static func json(workFolder: String?, programs: [String] = [], reach: String? = nil) -> String {
    report(workFolder: workFolder, programs: programs, reach: reach).jsonText(.strict)
  }

  /// - Parameters:
  ///   - workFolder: as an agent would be told; nil: the default one. It is not made.
  ///   - programs: names or paths of programs that are looked for.
  ///   - reach: `PORT` of the machine that this SSH session comes from, or `HOST:PORT`, to be tried.
  public static func report(workFolder: String?, programs: [String] = [], reach: String? = nil) -> JSONValue {
    let finder = DeviceFinder()
    let inventory = finder.find()
    return .object(
      [
        .init("hostname", .string(HostIdentity.hostname())),
        .init("machine_id", text(HostIdentity.machineID())),
        .init("boot_id", text(try? HostIdentity.bootID())),
        .init("user", .string(ProcessOwners.name(of: geteuid(), path: finder.path))),
        .init("kernel", text(systemName { $0.release })),
        .init("machine", text(systemName { $0.machine })),
        .init("glibc", text(libraryVersion(finder))),
        .init("cores", .int(HostSize.cores)),
        .init("memory_bytes", whole(memoryBytes)),
        .init("python3", python(finder)),
        .init("gpus", .array(inventory.gpus.map(json))),
        .init("gpu_notes", .array(inventory.notes.map { .string($0) })),
        .init("gpu_locks", text(inventory.gpus.isEmpty ? nil : lockProblem())),
        .init("landlock_abi", .int(Landlock.abi)), .init("process_bound", .string(TrialConfinement.processBound())),
        .init("cgroup", .int(cgroupVersion)),
        .init("gpu_driver", text(driver)),
        .init("time_us", .int(Int(HostClock.wall.microseconds))),
      ] + place(workFolder) + found(programs, finder) + reached(reach))
  }

  private static func found(_ programs: [String], _ finder: DeviceFinder) -> [JSONValue.Member] {
    guard !programs.isEmpty else { return [] }
    let members: [JSONValue.Member] = programs.map { name in
      let path = name.contains("/") ? (access(name, X_OK) == 0 ? name : nil) : finder.program(name)
      return .init(name, text(path))
    }
    return [.init("programs", .object(members))]
  }

  private static func reached(_ place: String?) -> [JSONValue.Member] {
    guard let place, let trial = PortTrial(place) else { return [] }
    return [
      .init("reach", .object([.init("address", .string(trial.address)), .init("problem", text(trial.problem()))]))
    ]
  }

  /// Version of NVIDIA's kernel module.
  private static var driver: String? {
    let line = (try? Files.readText("/sys/module/nvidia/version", limit: 256))?.prefix { !$0.isNewline }
    return line.flatMap { $0.isEmpty ? nil : String($0) }
  }

  // MARK: The folder

  private static func place(_ workFolder: String?) -> [JSONValue.Member] {
    guard let path = try? AgentHome.workFolder(workFolder) else {
      return [.init("free_bytes", .null), .init("work_dir", .null)]
    }
    // What an agent would make does not exist yet: what counts is the folder that it would be made in.
    var existing = path
    while !Files.exists(existing), existing != "/", existing != "." { existing = Files.parent(of: existing) }
    let isFolder = (try? Files.status(existing, followingLinks: true))??.kind == .folder
    return [
      .init("free_bytes", whole(freeBytes(existing))),
      .init(
        "work_dir",
        .object([
          .init("path", .string(path)),
          .init("is_network_file_system", .bool((try? Files.isOnNetworkFileSystem(existing)) ?? false)),
          .init("writable", .bool(isFolder && access(existing, W_OK | X_OK) == 0)),
        ])),
    ]
  }

  private static func freeBytes(_ path: String) -> Int? {
    var info = statvfs()
    guard statvfs(path, &info) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: info.f_bavail).multipliedReportingOverflow(by: Int(clamping: info.f_frsize))
    return overflow ? .max : bytes
  }

  // MARK: The system

  private static func systemName<Field>(_ field: (utsname) -> Field) -> String? {
    var names = utsname()
    guard uname(&names) == 0 else { return nil }
    return withUnsafeBytes(of: field(names)) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Of the host: this process may run with a C library of its own.
  private static func libraryVersion(_ finder: DeviceFinder) -> String? {
    if let answer = finder.answer(["getconf", "GNU_LIBC_VERSION"], within: .seconds(5)), answer.hasPrefix("glibc ") {
      return String(answer.dropFirst(6))
    }
    // `ldd (Debian GLIBC 2.36-9) 2.36`
    return finder.answer(["ldd", "--version"], within: .seconds(5))?.split(separator: " ").last.flatMap { word in
      word.first?.isNumber == true ? String(word) : nil
    }
  }

  private static var memoryBytes: Int? {
    let text = (try? Files.readText("/proc/meminfo", limit: 1 << 16)) ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("MemTotal:") }
    guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }), kibibytes < 1 << 50 else {
      return nil
    }
    return kibibytes << 10
  }

  private static func python(_ finder: DeviceFinder) -> JSONValue {
    guard let path = finder.program("python3") else { return .null }
    let version = finder.answer([path, "--version"], within: .seconds(10))
    return .object([
      .init("path", .string(path)),
      .init("version", text(version.map { $0.hasPrefix("Python ") ? String($0.dropFirst(7)) : $0 })),
    ])
  }

  /// 2: the unified hierarchy; 1: the old one, or both; 0: none.
  private static var cgroupVersion: Int {
    if Files.exists("/sys/fs/cgroup/cgroup.controllers") { return 2 }
    return Files.exists("/sys/fs/cgroup/unified") || Files.exists("/sys/fs/cgroup/memory") ? 1 : 0
  }

  // MARK: GPUs

  private static func json(_ gpu: GPU) -> JSONValue {
    .object([
      .init("kind", .string(gpu.kind.rawValue)),
      .init("index", whole(gpu.index)),
      .init("uuid", text(gpu.id.isEmpty ? nil : gpu.id)),
      .init("name", .string(gpu.name)),
      .init("memory_bytes", whole(gpu.memoryBytes)),
      .init("memory_used_bytes", whole(gpu.memoryUsedBytes)),
      .init("utilization", whole(gpu.utilization)),
      .init("mig", gpu.isPartitioned ? .array(gpu.instances.map(json)) : .null),
      .init("faulty", text(gpu.fault)),
      .init(
        "users",
        .array(
          gpu.users.map { user in
            .object([
              .init("pid", .int(user.pid)), .init("user", .string(user.user)), .init("command", .string(user.command)),
              .init("memory_bytes", whole(user.memoryBytes)),
            ])
          })),
    ])
  }

  private static func lockProblem() -> String? {
    do throws(SystemError) {
      try DeviceLocks().prepare()
      return nil
    } catch {
      return error.message
    }
  }

  private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
  private static func whole(_ number: Int?) -> JSONValue { number.map { .int($0) } ?? .null }
}
