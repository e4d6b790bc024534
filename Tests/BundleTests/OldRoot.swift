import Foundation
import HostSystem
import TestSupport

/// The file system of a small Debian installation, made by debootstrap and kept between runs of the tests.
enum OldRoot {
  /// Whether the long lane runs (`Cluster/test --all`), as the user who may make such roots.
  static let isEnabled = ProcessInfo.processInfo.environment["PASHA_LONG_TESTS"] == "1" && geteuid() == 0

  private static let cache = ProcessInfo.processInfo.environment["PASHA_TEST_CACHE"] ?? "/var/cache/pasha-test"
  /// A name that only the root's own /etc/hosts knows.
  static let coordinatorName = "coordinator.pasha.test"

  /// The folder of the suite's root, which nobody changes.
  static func folder(_ suite: String) throws -> String {
    try Files.makeFolder(cache, intermediates: true)
    let root = "\(cache)/\(suite)"
    // Tests run side by side, and so may test processes: one makes it, the others wait.
    let lock = try FileLock.acquire("\(root).lock", within: .seconds(600))
    defer { withExtendedLifetime(lock) {} }
    if Files.exists(root) { return root }
    let part = "\(root).part"
    try Folders.removeTree(part)
    let command = try CommandProcess("/usr/bin/env", ["debootstrap", "--variant=minbase", suite, part])
    guard try command.wait(limit: 540) == 0 else {
      throw WaitedInVain(
        description: "debootstrap cannot make \(part): \(command.output.suffix(2_000)) \(command.errors.suffix(2_000))")
    }
    try Files.writeAtomically(
      "\(part)/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 \(coordinatorName)\n".utf8, mode: 0o644)
    // A plugin that is there, one that is not, and an order that would end the search.
    try Files.writeAtomically(
      "\(part)/etc/nsswitch.conf",
      "passwd: compat nosuch\nhosts: hesiod nosuch [!UNAVAIL=return] files dns\n".utf8, mode: 0o644)
    try Files.rename(part, to: root)
    return root
  }

  /// A script that runs a program of the folder `shared` in the root, where the folder is /mnt: the root itself can only
  /// be read. Nothing of it is seen outside.
  static let entry = """
    #!/bin/sh
    set -e
    root=$1 shared=$2 program=$3
    shift 3
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount --bind "$shared" "$root/mnt"
    exec chroot "$root" "/mnt/$program" "$@"
    """
}
