import Coordination

/// `cluster.hosts`: the hosts that agents are brought onto. Ranges are written out.
struct HostsSection {
  /// Hosts of one cluster, ranges written out.
  static let maximumHosts = 1000

  let files: LocalFile
  let mistakes: MistakeList

  /// Where hosts of a name were given first.
  private struct Source {
    let path: String
    let line: Int
  }

  /// The hosts of a list at `path`; nil: there are mistakes.
  func decode(_ elements: [YAMLNode], path: String, place: Place) -> [HostOptions]? {
    decode(elements, path: path, place: place) { "\(path)[\($0)]" }
  }

  /// `name`: what messages call the element of an index.
  func decode(
    _ elements: [YAMLNode], path: String, place: Place, name elementPath: (Int) -> String
  ) -> [HostOptions]? {
    guard !elements.isEmpty else {
      mistakes.add(.invalidValue, place, "\(path) must hold at least one host; write cluster: local for this machine")
      return nil
    }
    var hosts: [HostOptions] = []
    var sources: [String: Source] = [:]
    var isWhole = true
    for (index, element) in elements.enumerated() {
      let own = elementPath(index)
      guard hosts.count < Self.maximumHosts else {
        mistakes.add(
          .tooLarge, element.place, "\(own) is one host too many: a cluster has at most \(Self.maximumHosts)")
        return nil
      }
      guard let read = decode(element, path: own, room: Self.maximumHosts - hosts.count) else {
        isWhole = false
        continue
      }
      var isTold = false
      for host in read {
        if let earlier = sources[host.name], !isTold {
          isTold = true
          tellTwice(host.name, own, element.place, earlier)
        }
        if sources[host.name] == nil { sources[host.name] = Source(path: own, line: element.place.line) }
      }
      isWhole = isWhole && !isTold
      hosts += read
    }
    return isWhole ? hosts : nil
  }

  private func tellTwice(_ name: String, _ path: String, _ place: Place, _ earlier: Source) {
    let advice =
      earlier.path == path
      ? "a range must not hold a number twice"
      : "remove one, or give one a name of its own, as in {host: \(name), name: \(name)-b}"
    let already = earlier.path == path ? "" : ", which is \(earlier.path) in line \(earlier.line) already"
    mistakes.add(.contradiction, place, "\(path) gives the host \(name) a second time\(already); \(advice)")
  }

  /// One element: a text or a map, which may stand for many hosts.
  func decode(_ node: YAMLNode, path: String, room: Int) -> [HostOptions]? {
    let example = "gpu1, bob@gpu1:22 or {host: gpu1, slots: 2}"
    switch node.content {
    case .scalar(let scalar):
      guard !node.isNull else {
        mistakes.add(.wrongType, node.place, "\(path) must be a host such as \(example), not nothing")
        return nil
      }
      return parse(scalar.text, room) { mistakes.add(.invalidValue, node.place, "\(path) \($0)") }.map { text in
        text.hosts.map { HostOptions(name: $0, host: $0, user: text.user, port: text.port) }
      }
    case .mapping:
      guard let map = MapReader(node, path: path, place: node.place, example: "", mistakes: mistakes) else {
        return nil
      }
      return HostReader(map: map, files: files).decode { parse($0, room, $1) }
    case .sequence:
      mistakes.add(
        .wrongType, node.place,
        "\(path) must be a host such as \(example), not a list; put a name with a range in quotes, as in "
          + "\"box[01-16]\"")
      return nil
    }
  }

  private func parse(_ text: String, _ room: Int, _ tell: (String) -> Void) -> HostText? {
    do throws(HostPattern.Failure) {
      let parsed = try HostText.parse(text, limit: room)
      guard parsed.hosts == ["local"], parsed.user != nil || parsed.port != nil else { return parsed }
      tell("must be local alone, which is this machine without SSH; for SSH write localhost or the machine's name")
    } catch {
      tell("\(error.reason)")
    }
    return nil
  }
}
