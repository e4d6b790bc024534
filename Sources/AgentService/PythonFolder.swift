import HostSystem
import TrialSandbox

/// The folder with `pasha.py`, the module that training scripts may use.
enum PythonFolder {
  static func write(_ folder: String) throws(SystemError) {
    let path = "\(folder)/pasha.py"
    let text = PythonModule.source
    if let there = try? Files.readText(path, limit: 1 << 20), there == text { return }
    try Files.writeAtomically(path, text.utf8, mode: 0o644)
  }
}
