/// Rules for the names of hyperparameters: each becomes the argument `--NAME` and the column `config_NAME`.
public enum HyperparameterName {
  public static let maximumBytes = 255

  /// What is wrong with the name; nil: nothing.
  public static func problem(_ name: String) -> SpaceProblem? {
    let reason: String
    if name.isEmpty {
      reason = "must not be empty"
    } else if name.hasPrefix("-") {
      reason = "must not begin with '-': it is passed as --NAME"
    } else if name.unicodeScalars.contains(where: { $0.properties.isWhitespace }) {
      reason = "must not hold white space: it is passed as --NAME"
    } else if name.contains("=") {
      reason = "must not hold '=': it is passed as --NAME VALUE"
    } else if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
      reason = "must not hold control characters"
    } else if name.utf8.count > maximumBytes {
      reason = "must be at most \(maximumBytes) bytes long, not \(name.utf8.count)"
    } else if reserved.contains(name) {
      reason = "is an argument that every trial is given already; choose another name"
    } else {
      return nil
    }
    return SpaceProblem(.name, reason)
  }

  private static let reserved = ["st_checkpoint_dir", "st_config_json_filename"]
}
