/// The file of this process's program, and the programs that lie beside it. In a bundle (`Launching`) programs lie with a
/// loader and a C library of their own and are started through that loader, which is then what the kernel takes for the
/// program; a script beside each, `NAME.sh`, starts it so. Whoever starts a program of ours asks here with which path.
public enum ProgramFile {
  private static let link = "/proc/self/exe"

  /// To be called first thing in a program that may lie in a bundle: the process has its own name then, not the loader's,
  /// and keeps to its own C library.
  public static func begin(_ name: String) {
    guard let file = try? Files.linkTarget(link), isLoader(file) else { return }
    OwnProcess.setName(name)
    OwnProcess.lookUpNamesAlone()
  }

  /// The path that starts this program, called `name`, again.
  public static func own(_ name: String) throws(SystemError) -> String {
    let file = try Files.linkTarget(link)
    return isLoader(file) ? script(name, in: Files.parent(of: file)) : file
  }

  /// The path that starts a program of the same folder; whether there is one is not looked at.
  public static func sibling(_ name: String) throws(SystemError) -> String {
    let file = try Files.linkTarget(link)
    let folder = Files.parent(of: file)
    return isLoader(file) ? script(name, in: folder) : "\(folder)/\(name)"
  }

  /// The folder of the bundle that this program lies in; nil: it lies in none.
  public static var bundleFolder: String? {
    guard let file = try? Files.linkTarget(link), isLoader(file) else { return nil }
    return Files.parent(of: file)
  }

  /// `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`, or before glibc 2.34 also `ld-2.31.so`.
  public static func isLoader(_ file: String) -> Bool { Files.name(of: file).hasPrefix("ld-") }

  private static func script(_ name: String, in folder: String) -> String { "\(folder)/\(name).sh" }
}
