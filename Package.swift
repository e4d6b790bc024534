// swift-tools-version: 6.2
import Glibc
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

/// A module without input and output. Tests run it millions of times: it is optimised in debug builds too, and there it has
/// the defects that tests ask for (`Mutant`).
func pure(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  let debug: [SwiftSetting] = [
    .unsafeFlags(["-O"], .when(configuration: .debug)), .define("PASHA_MUTANTS", .when(configuration: .debug)),
  ]
  return .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict + debug)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let web: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HummingbirdTLS", package: "hummingbird"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
  .product(name: "Metrics", package: "swift-metrics"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
]

/// What makes pasha-agent smaller, which travels to hosts: nothing of it is looked up by name, no C++ exception passes
/// through it, and relocations are packed where the loader, which it takes along, is new enough to read them (glibc 2.36).
let agentLinking: [LinkerSetting] = {
  var text = [UInt8](repeating: 0, count: 64)
  let length = text.withUnsafeMutableBytes { confstr(Int32(_CS_GNU_LIBC_VERSION), $0.baseAddress, $0.count) }
  let version = String(decoding: text.prefix(max(1, length) - 1), as: UTF8.self).split { $0 == " " || $0 == "." }
  let minor = version.count > 2 ? Int(version[2]) ?? 0 : 0
  var options = ["--no-export-dynamic", "--no-eh-frame-hdr", "-T", "\(Context.packageDirectory)/Cluster/lib/agent.ld"]
  if minor >= 36 { options += ["-z", "pack-relative-relocs"] }
  let flags = ["-use-ld=lld"] + options.flatMap { ["-Xlinker", $0] }
  return [.unsafeFlags(flags, .when(configuration: .release))]
}()

/// libFuzzer's program, which has its own main function: only `Cluster/fuzz` asks for it.
let fuzzing: [Target] =
  Context.environment["PASHA_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "pasha-fuzz", dependencies: ["FuzzProperties"], path: "Tests/Fuzz/Program",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

let package = Package(
  name: "pasha",
  products: [
    .executable(name: "pasha-coord", targets: ["pasha-coord"]),
    .executable(name: "pasha-agent", targets: ["pasha-agent"]),
    .executable(name: "pasha-launch", targets: ["pasha-launch"]),
    .executable(name: "pasha-page", targets: ["pasha-page"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    // Without its default trait it does without the whole of Foundation, which the agent must not carry to hosts.
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // Floor 0: values.
    pure("TuningModel"),
    pure("SearchSpace", ["TuningModel"]),
    // Floor 1: algorithms and formats.
    pure("Scheduling", ["TuningModel"]),
    pure("Searching", ["SearchSpace", "TuningModel"]),
    pure("Wire", ["TuningModel", protobuf], exclude: ["Protobuf"]),
    // Floor 2: the machines.
    pure("Coordination", ["Scheduling", "SearchSpace", "Searching", "TuningModel", "Wire", protobuf]),
    pure("AgentCore", ["TuningModel", "Wire"]),
    pure("Chronicle", ["Coordination", "Scheduling", "SearchSpace", "TuningModel", "Wire"]),
    pure(
      "Simulation", ["AgentCore", "Coordination", "Scheduling", "SearchSpace", "Searching", "TuningModel", "Wire"]),
    // Floor 3: C.
    .systemLibrary(name: "CZeroMQ"),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CSSH2"),
    .target(name: "CSandbox"),
    // Floor 4: adapters.
    module("HostSystem", ["CSandbox", "CZeroMQ", "TuningModel"]),
    module("Messaging", ["CZeroMQ", "HostSystem", "TuningModel"]),
    module("Journal", ["Coordination", "HostSystem", "TuningModel", "Wire", grdb]),
    module("Devices", ["HostSystem", "TuningModel"]),
    module("TrialSandbox", ["AgentCore", "Devices", "HostSystem", "TuningModel", "Wire"]),
    module("CodeTree", ["HostSystem", "TuningModel", "Wire"]),
    module("SecureShell", ["CSSH2", "HostSystem", "TuningModel"]),
    module("Tunnel", ["HostSystem", "TuningModel"]),
    module("Launching", ["CZlib", "HostSystem", "TuningModel"]),
    module("ClusterFile", ["Coordination", "Scheduling", "SearchSpace", "TuningModel", yams]),
    module(
      "Results", ["CZlib", "Coordination", "HostSystem", "Journal", "Scheduling", "SearchSpace", "TuningModel", "Wire"]),
    module(
      "Exports",
      [
        "Chronicle", "Coordination", "HostSystem", "Journal", "Presentation", "Scheduling", "SearchSpace",
        "TuningModel", "Wire", grdb,
      ]),
    pure(
      "RunReport",
      ["Chronicle", "Coordination", "Presentation", "Scheduling", "SearchSpace", "Simulation", "TuningModel", "Wire"]),
    module("CurveTables", ["HostSystem", "Simulation", "TuningModel"]),
    module("Presentation", ["Coordination", "Scheduling", "SearchSpace", "Simulation", "TuningModel", "Wire"]),
    pure(
      "LiveScreen",
      ["Chronicle", "Coordination", "Presentation", "Scheduling", "SearchSpace", "TuningModel"]),
    module(
      "Dashboard",
      [
        "Chronicle", "Coordination", "HostSystem", "Journal", "Presentation", "Scheduling", "SearchSpace",
        "TuningModel",
        "Wire",
      ] + web, exclude: ["Page"]),
    // Floor 5: the shells.
    module(
      "CoordinatorService",
      [
        "Chronicle", "ClusterFile", "CodeTree", "Coordination", "CurveTables", "Exports", "HostSystem", "Journal",
        "Launching", "LiveScreen", "Messaging", "Presentation", "Results", "RunReport", "Scheduling", "SearchSpace",
        "Simulation", "TrialSandbox", "TuningModel", "Wire",
      ]),
    module(
      "AgentService",
      [
        "AgentCore", "CodeTree", "Devices", "HostSystem", "Messaging", "SearchSpace", "TrialSandbox", "TuningModel",
        "Wire",
      ]),
    // Floor 6: arguments and wiring.
    .executableTarget(
      name: "pasha-coord",
      dependencies: ["Coordination", "CoordinatorService", "Exports", "HostSystem", "TuningModel", "Wire", arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "pasha-agent", dependencies: ["AgentService", "Devices", "TrialSandbox", "Tunnel", "Wire", arguments],
      swiftSettings: strict, linkerSettings: agentLinking),
    .executableTarget(
      name: "pasha-launch", dependencies: ["HostSystem", "Launching", "SecureShell", "Tunnel", "TuningModel"],
      swiftSettings: strict),
    .executableTarget(
      name: "pasha-page",
      dependencies: ["CoordinatorService", "Dashboard", "HostSystem", "TuningModel", "Wire", arguments],
      swiftSettings: strict),
    .executableTarget(
      name: "scheduling-benchmark", dependencies: ["Scheduling", "TuningModel"], swiftSettings: strict),
    .executableTarget(
      name: "scale-benchmark",
      dependencies: [
        "Chronicle", "ClusterFile", "Coordination", "HostSystem", "Journal", "Messaging", "TuningModel", "Wire",
      ],
      swiftSettings: strict),
    // Tests.
    .target(name: "FaultDisk", path: "Tests/FaultDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "TestSupport", dependencies: [], path: "Tests/TestSupport", swiftSettings: strict),
    .target(
      name: "SchedulingReference", dependencies: ["Scheduling", "TuningModel"], path: "Tests/SchedulingReference",
      swiftSettings: strict),
    .target(
      name: "RunChecking",
      dependencies: [
        "ClusterFile", "Coordination", "HostSystem", "Journal", "Scheduling", "SchedulingReference", "Simulation",
        "TuningModel",
      ],
      path: "Tests/RunChecking",
      swiftSettings: strict + [.define("PASHA_MUTANTS", .when(configuration: .debug))]),
    .target(
      name: "FarmSupport",
      dependencies: ["Coordination", "HostSystem", "Journal", "RunChecking", "TestSupport", "TuningModel", "Wire"],
      path: "Tests/FarmSupport", swiftSettings: strict),
    .executableTarget(
      name: "chaos", dependencies: ["FarmSupport", "TestSupport", "pasha-agent", "pasha-coord", "pasha-launch"],
      path: "Tests/Chaos", swiftSettings: strict),
    .executableTarget(
      name: "soak", dependencies: ["HostSystem", "Presentation", "RunChecking", "Simulation", "TuningModel"],
      path: "Tests/Soak",
      swiftSettings: strict + [.define("PASHA_MUTANTS", .when(configuration: .debug))]),
    tests("TuningModelTests", ["TuningModel"]),
    tests("SearchSpaceTests", ["SearchSpace", "TuningModel"]),
    tests("SchedulingTests", ["Scheduling", "SchedulingReference", "TuningModel"], resources: [.copy("Golden")]),
    tests("SearchingTests", ["SearchSpace", "Searching", "TuningModel"]),
    tests("WireTests", ["TestSupport", "TuningModel", "Wire", protobuf]),
    tests(
      "CoordinationTests",
      [
        "Coordination", "FaultDisk", "Journal", "Presentation", "Scheduling", "SearchSpace", "Searching", "TestSupport",
        "TuningModel", "Wire",
      ]),
    tests("AgentCoreTests", ["AgentCore", "TuningModel", "Wire"]),
    tests(
      "SimulationTests",
      [
        "Coordination", "HostSystem", "Journal", "RunChecking", "Scheduling", "SearchSpace", "Simulation",
        "TestSupport", "TuningModel", "Wire", "pasha-coord", "soak",
      ]),
    tests(
      "ChronicleTests",
      ["Chronicle", "Coordination", "Scheduling", "SearchSpace", "Simulation", "TuningModel", "Wire"]),
    tests(
      "DashboardTests",
      [
        "Coordination", "Dashboard", "HostSystem", "Journal", "Presentation", "Scheduling", "Simulation", "TestSupport",
        "TuningModel",
      ]),
    tests("TerminalTests", ["TestSupport", "pasha-agent", "pasha-coord", "pasha-launch"]),
    tests(
      "RunReportTests",
      [
        "Chronicle", "Coordination", "Presentation", "RunReport", "Scheduling", "SearchSpace", "Simulation",
        "TuningModel", "Wire",
      ]),
    tests(
      "ExportsTests",
      [
        "Coordination", "Exports", "HostSystem", "Journal", "Scheduling", "SearchSpace", "TestSupport", "TuningModel",
        "Wire", grdb,
      ]),
    tests("HostSystemTests", ["HostSystem", "TestSupport", "TuningModel"]),
    tests("MessagingTests", ["CZeroMQ", "HostSystem", "Messaging", "TuningModel"]),
    tests("CodeTreeTests", ["CodeTree", "HostSystem", "TestSupport", "TuningModel", "Wire"]),
    tests("ClusterFileTests", ["ClusterFile", "Coordination", "Scheduling", "SearchSpace", "TuningModel"]),
    tests("JournalTests", ["Coordination", "HostSystem", "Journal", "TestSupport", "TuningModel", grdb]),
    tests("CurveTablesTests", ["CurveTables", "Scheduling", "Simulation", "TestSupport", "TuningModel"]),
    tests(
      "LiveScreenTests",
      [
        "Chronicle", "Coordination", "LiveScreen", "Presentation", "Scheduling", "SearchSpace", "Simulation",
        "TestSupport", "TuningModel", "Wire",
      ]),
    tests(
      "PresentationTests",
      ["Coordination", "Presentation", "Scheduling", "SearchSpace", "Simulation", "TuningModel", "Wire"]),
    tests(
      "ResultsTests",
      ["Coordination", "Journal", "Results", "Scheduling", "SearchSpace", "TestSupport", "TuningModel", "Wire"]),
    tests(
      "TrialSandboxTests",
      ["AgentCore", "HostSystem", "TestSupport", "TrialSandbox", "TuningModel", "Wire", "pasha-agent"]),
    tests(
      "AgentServiceTests",
      [
        "AgentService", "CodeTree", "HostSystem", "Messaging", "TestSupport", "TrialSandbox", "TuningModel", "Wire",
        "pasha-agent",
      ]),
    tests(
      "EndToEndTests",
      [
        "ClusterFile", "Coordination", "Journal", "Messaging", "RunChecking", "Scheduling", "SchedulingReference",
        "TestSupport", "TuningModel", "Wire", "pasha-agent", "pasha-coord", "pasha-launch", "pasha-page",
        "scale-benchmark",
      ]),
    tests(
      "FarmTests",
      [
        "Coordination", "FarmSupport", "Journal", "RunChecking", "TestSupport", "TuningModel", "Wire", "pasha-agent",
        "pasha-coord",
        "pasha-launch",
      ]),
    tests(
      "ChaosTests",
      [
        "Coordination", "FarmSupport", "Journal", "RunChecking", "TestSupport", "TuningModel", "Wire", "pasha-agent",
        "pasha-coord", "pasha-launch",
      ]),
    tests(
      "DevicesTests", ["Devices", "HostSystem", "TestSupport", "TrialSandbox", "TuningModel", "Wire", "pasha-agent"]),
    tests("SecureShellTests", ["HostSystem", "SecureShell", "TestSupport", "TuningModel"]),
    tests(
      "TunnelTests", ["HostSystem", "Messaging", "SecureShell", "TestSupport", "TuningModel", "Tunnel", "pasha-agent"]),
    tests(
      "LaunchingTests",
      ["HostSystem", "Launching", "Messaging", "TestSupport", "TuningModel", "Wire", "pasha-agent", "pasha-launch"]),
    tests(
      "BundleTests",
      [
        "HostSystem", "Launching", "Messaging", "TestSupport", "TuningModel", "Wire", "pasha-agent", "pasha-coord",
        "pasha-launch",
      ]),
    tests("FarmScriptTests", ["ClusterFile", "Coordination", "TestSupport"]),
    tests(
      "ScriptTests",
      ["Coordination", "Journal", "TestSupport", "TuningModel", "pasha-agent", "pasha-coord"]),
    // What holds for any bytes: checked on a committed corpus here, and by libFuzzer in `Cluster/fuzz`.
    .target(
      name: "FuzzProperties",
      dependencies: [
        "ClusterFile", "Coordination", "Presentation", "Scheduling", "SearchSpace", "Searching", "SecureShell",
        "Simulation", "TuningModel", "Wire",
      ], path: "Tests/Fuzz/Properties", swiftSettings: strict),
    tests(
      "FuzzCorpusTests",
      ["Coordination", "FuzzProperties", "Scheduling", "SearchSpace", "TestSupport", "TuningModel", "Wire"]),
  ] + fuzzing,
  swiftLanguageModes: [.v6]
)

// The builds with a sanitizer in `Cluster/test --all` have the tests of what has threads, C or memory of its own, and what
// they stand on: the rest is values, and would take as long again. With the thread sanitizer the coordinator is among them as
// the program that it is, without the page's server, which is a program of its own on the packages of others.
if let sanitizer = Context.environment["PASHA_SANITIZE"] {
  let concurrent = [
    "HostSystem", "Messaging", "Journal", "TrialSandbox", "Tunnel", "Launching", "SecureShell", "AgentService",
    "Devices",
  ]
  let others = sanitizer == "thread" ? ["EndToEnd"] : ["Wire", "CodeTree", "Results"]
  var names = (concurrent + others).map { $0 + "Tests" }
  let leftOut: Set = ["pasha-page", "scale-benchmark"]
  var kept: Set<String> = []
  while let name = names.popLast() {
    guard !leftOut.contains(name), kept.insert(name).inserted,
      let target = package.targets.first(where: { $0.name == name })
    else { continue }
    for case .byNameItem(let dependency, _) in target.dependencies { names.append(dependency) }
  }
  package.targets.removeAll { !kept.contains($0.name) }
  package.products.removeAll { !kept.contains($0.name) }
  for target in package.targets {
    target.dependencies.removeAll { if case .byNameItem(let name, _) = $0 { leftOut.contains(name) } else { false } }
  }
}
