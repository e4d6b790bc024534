/// `experiment.code`: the folder whose content is copied to the trials.
enum CodeFolder {
  /// The absolute path; nil: the folder cannot be used, which was told.
  static func resolve(_ written: String, from baseDirectory: String, checks: Bool, _ map: MapReader) -> String? {
    let path = LocalFile(baseDirectory: baseDirectory, checksFiles: checks).absolute(written)
    guard path != "/" else {
      map.tell(.invalidValue, "code", "must be the folder of the training code alone, not the whole file system")
      return nil
    }
    do {
      if checks { try FileReading.checkFolder(path) }
      return path
    } catch {
      let place = path == written ? "" : " (\(path))"
      map.tell(
        .invalidValue, "code",
        "must be a folder that can be read, not \(written)\(place): \(error.reason); "
          + "a relative path begins at the cluster file's folder")
      return nil
    }
  }
}
