import Foundation
import TestSupport

@testable import Devices

/// A folder of small programs that stand in for the vendors' tools.
final class FakeTools {
  let folder = TemporaryFolder("tools")

  var finder: DeviceFinder {
    var finder = DeviceFinder(path: "\(folder.path):/usr/bin:/bin", limit: .seconds(10))
    finder.pciFolder = folder.file("pci")
    return finder
  }

  /// A `nvidia-smi` that prints these; files beside it, so that a test can change them.
  func nvidia(gpus: String, list: String = "", apps: String = "") throws {
    try folder.write("gpus", gpus)
    try folder.write("list", list)
    try folder.write("apps", apps)
    try nvidia(
      script: """
        here=$(dirname "$0")
        case "$*" in
          *--query-gpu=*) cat "$here/gpus" ;;
          *--query-compute-apps=*) cat "$here/apps" ;;
          -L) cat "$here/list" ;;
        esac
        """)
  }

  func nvidia(script: String) throws { try folder.write("nvidia-smi", "#!/bin/sh\n\(script)\n", mode: 0o755) }
  func amd(script: String) throws { try folder.write("rocm-smi", "#!/bin/sh\n\(script)\n", mode: 0o755) }

  /// A device on the PCI bus.
  func plugIn(vendor: String) throws {
    try folder.write("pci/0000:01:00.0/vendor", "\(vendor)\n")
    try folder.write("pci/0000:01:00.0/class", "0x030200\n")
  }

  static let uuids = (0..<8).map { "GPU-\($0)5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a7\($0)" }

  /// Lines of `--query-gpu` for `count` cards.
  static func lines(_ count: Int, used: Int = 3) -> String {
    (0..<count).map { "\($0), \(uuids[$0]), NVIDIA H100 80GB HBM3, 81559, \(used), 0, Disabled\n" }.joined()
  }
}

func gpu(_ index: Int, kind: GPU.Kind = .nvidia) -> GPU {
  GPU(kind: kind, index: index, id: FakeTools.uuids[index], name: "NVIDIA H100", memoryBytes: 80 << 30)
}
