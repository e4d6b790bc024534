import Coordination

/// One host written as a map: `{host: gpu2.lab, user: bob, port: 2222, gpus: [0, 1]}`.
struct HostReader {
  typealias Parse = (_ text: String, _ tell: (String) -> Void) -> HostText?

  let map: MapReader
  let files: LocalFile

  /// The hosts that it stands for; nil: there are mistakes.
  func decode(_ parse: Parse) -> [HostOptions]? {
    for pair in map.pairs where !KnownKeys.host.contains(pair.key) { explain(pair) }
    map.require("host", "give a host name, an address or an alias of the SSH configuration")
    let text = map.text("host", "a host name").flatMap { text in
      parse(text) { map.tell(.invalidValue, "host", $0) }
    }
    let user = self.user(text)
    let port = map.int("port", 1...65_535)
    if port != nil, text?.port != nil {
      map.tell(.contradiction, "port", "is given by host already; keep one of them")
    }
    let identityFile = self.identityFile()
    let slots = map.int("slots", 1...ClusterSection.maximumSlots)
    let gpus = GPUReader.selection(map)
    let workDirectory = WorkDirectory.read(map)
    let connect = map.keyword("connect", ClusterOptions.Connect.self)
    guard let text else { return nil }
    refuseLocal(text)
    guard let names = names(for: text) else { return nil }
    return zip(names, text.hosts).map { name, host in
      HostOptions(
        name: name, host: host, user: text.user ?? user, port: text.port ?? port, identityFile: identityFile,
        slots: slots, gpus: gpus, workDirectory: workDirectory, connect: connect)
    }
  }

  private func user(_ text: HostText?) -> String? {
    guard let user = map.text("user", "a user's name") else { return nil }
    if let problem = HostText.problem(ofUser: user) {
      map.tell(.invalidValue, "user", "must be a name that \(problem)")
      return nil
    }
    if text?.user != nil { map.tell(.contradiction, "user", "is given by host already; keep one of them") }
    return user
  }

  private func identityFile() -> String? {
    let key = "identity_file"
    if case .scalar(let scalar)? = map.node(key)?.content, scalar.text.hasSuffix(".pub") {
      map.tell(.invalidValue, key, "must be the private key, whose name has no .pub, not \(scalar.shown)")
      return nil
    }
    return files.path(map, key, "a private key")
  }

  /// What has to do with SSH alone has no meaning for this machine.
  private func refuseLocal(_ text: HostText) {
    guard text.hosts == ["local"] else { return }
    for key in ["user", "port", "identity_file", "connect"] where map.has(key) {
      map.tell(.contradiction, key, "is for hosts reached over SSH, and local is this machine; remove it")
    }
  }

  /// The names for messages and commands; as many as there are hosts.
  private func names(for text: HostText) -> [String]? {
    guard let written = map.text("name", "a name for messages and commands") else {
      return map.has("name") ? nil : text.hosts
    }
    do throws(HostPattern.Failure) {
      let names = try HostPattern.expand(written, limit: HostsSection.maximumHosts)
      for name in names {
        if let problem = HostText.problem(ofHost: name) { throw HostPattern.Failure(problem) }
      }
      guard names.count == text.hosts.count else {
        throw HostPattern.Failure(
          "must stand for as many names as host does, which is \(text.hosts.count), not \(names.count); "
            + "give it a range too")
      }
      guard !names.contains("local") || text.hosts == ["local"] else {
        throw HostPattern.Failure("must be another name than local, which is this machine")
      }
      return names
    } catch {
      map.tell(.invalidValue, "name", error.reason)
      return nil
    }
  }

  // MARK: Keys that are not known

  /// Whether the key is a host's name, with more about the host behind it, as in `- gpu1: {slots: 2}`.
  private func isHost(_ pair: YAMLNode.Pair) -> Bool {
    guard map.pairs.count == 1, HostText.problem(ofHost: pair.key) == nil else { return false }
    if case .mapping = pair.value.content { return true }
    return pair.value.isNull
  }

  private func explain(_ pair: YAMLNode.Pair) {
    let shown = YAMLScalar(text: map.fullPath(pair.key), isPlain: true).shown
    func tell(_ advice: String) { map.mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key\(advice)") }
    if let same = KnownKeys.host.first(where: { KeyHints.folded($0) == KeyHints.folded(pair.key) }) {
      map.mistakes.noteAdvice(map.fullPath(same))
      tell("; did you mean \(same)?")
    } else if let foreign = ForeignKeys.hostEntry(for: pair.key) {
      if let ours = foreign.path { map.mistakes.noteAdvice(map.fullPath(ours)) }
      tell(" (\(foreign.owner)'s); \(foreign.advice)")
    } else if KnownKeys.cluster.contains(pair.key) {
      tell(" of a host; write cluster.\(pair.key), for all hosts")
    } else if isHost(pair) {
      map.mistakes.noteAdvice(map.fullPath("host"))
      tell("; a host with more to say is written as {host: \(pair.key), slots: 2}")
    } else if let near = KeyHints.nearest(to: pair.key, among: KnownKeys.host) {
      map.mistakes.noteAdvice(map.fullPath(near))
      tell("; did you mean \(near)?")
    } else {
      tell("; the keys here are \(KnownKeys.host.joined(separator: ", "))")
    }
  }
}
