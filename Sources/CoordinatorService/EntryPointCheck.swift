import CodeTree
import Coordination

/// Looks, before anything runs, whether the words of the entry point that name files name files of the code.
enum EntryPointCheck {
  /// What to tell the user; nil: nothing seems wrong.
  static func warning(_ experiment: Experiment, _ tree: CodeTree?) -> String? {
    // What `setup` makes cannot be known before.
    guard experiment.setup == nil else { return nil }
    let known = Set(tree?.manifest.entries.map(\.path) ?? [])
    for (index, word) in experiment.entryPoint.enumerated() where !word.hasPrefix("/") && !word.hasPrefix("-") {
      let isProgram = index == 0 && word.contains("/")
      guard isProgram || word.hasSuffix(".py") || word.hasSuffix(".sh") else { continue }
      let path = word.hasPrefix("./") ? String(word.dropFirst(2)) : word
      if known.contains(path) { continue }
      let place = tree == nil ? "there is no code: a trial's folder is empty" : "the code folder has no such file"
      return "experiment.entry_point: \(word) will not be found by the trials, since \(place)"
    }
    return nil
  }
}
