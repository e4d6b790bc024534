import Coordination

/// `notifications`: who is told of what happens in the run.
enum NotificationsSection {
  private static let example = "[{webhook: https://…, on: [finish, failure]}]"
  /// Targets of one file.
  private static let limit = 100

  /// nil: there are mistakes.
  static func decode(_ top: MapReader) -> [NotificationTarget]? {
    guard top.has("notifications") else { return [] }
    guard let elements = top.list("notifications", example) else { return nil }
    guard elements.count <= limit else {
      top.tell(.tooLarge, "notifications", "must have at most \(limit) elements, not \(elements.count)")
      return nil
    }
    let targets = elements.enumerated().map { index, element in
      MapReader(
        element, path: "notifications[\(index)]", place: element.place, example: "{command: ./tell.sh}",
        mistakes: top.mistakes
      ).flatMap(target)
    }
    let whole = targets.compactMap { $0 }
    return whole.count == targets.count ? whole : nil
  }

  private static func target(_ map: MapReader) -> NotificationTarget? {
    map.refuseUnknownKeys(KnownKeys.notification)
    let news = news(map)
    let every = map.duration("every", .zero...(.seconds(7 * 86_400)))
    guard let way = way(map), let news, every != nil || !map.has("every") else { return nil }
    return NotificationTarget(way: way, news: news, every: every ?? NotificationTarget.usualInterval)
  }

  private static func way(_ map: MapReader) -> NotificationTarget.Way? {
    let headers = headers(map)
    switch (map.has("command"), map.has("webhook")) {
    case (false, false):
      map.mistakes.addMissing(
        map.fullPath("command"), map.place,
        "\(map.path) must have command, a shell command, or webhook, an address to which JSON is posted")
      return nil
    case (true, true):
      map.tell(.contradiction, "webhook", "and command cannot be given together: make two elements of them")
      return nil
    case (true, false):
      guard !map.has("headers") else {
        map.tell(.contradiction, "headers", "is for webhook; write that, or remove headers")
        return nil
      }
      return map.text("command", "a shell command").map { .command($0) }
    case (false, true):
      guard let address = map.text("webhook", "an address"), let headers else { return nil }
      guard isAddress(address) else {
        map.tell(
          .invalidValue, "webhook",
          "must be an address such as https://hooks.example.org/abc, or ${NAME} for a variable that holds one, not "
            + (map.node("webhook")?.shown ?? address))
        return nil
      }
      return .webhook(address, headers: headers)
    }
  }

  /// A variable may hold any part of it but `http`.
  private static func isAddress(_ text: String) -> Bool {
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else { return false }
    if text.hasPrefix("${") { return true }
    guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else { return false }
    let rest = text.dropFirst(scheme.count)
    return !(rest.prefix { !"/?#:".contains($0) }).isEmpty
  }

  /// nil: there are mistakes.
  private static func headers(_ map: MapReader) -> [NotificationTarget.Header]? {
    guard map.has("headers") else { return [] }
    guard let headers = map.map("headers", example: "{Authorization: \"Bearer ${TOKEN}\"}") else { return nil }
    var isWhole = true
    let read = headers.pairs.compactMap { pair -> NotificationTarget.Header? in
      guard isToken(pair.key) else {
        headers.mistakes.add(
          .invalidValue, pair.keyPlace,
          "\(headers.path) must have names of headers, as Authorization, not "
            + YAMLScalar(text: pair.key, isPlain: true).shown)
        isWhole = false
        return nil
      }
      guard let value = headers.text(pair.key, "a header's value"), !value.unicodeScalars.contains(where: isControl)
      else {
        if headers.has(pair.key) { headers.tell(.invalidValue, pair.key, "must be one line of text") }
        isWhole = false
        return nil
      }
      return NotificationTarget.Header(name: pair.key, value: value)
    }
    return isWhole ? read : nil
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

  /// A header's name (RFC 9110, section 5.6.2).
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || "!#$%&'*+-.^_`|~".unicodeScalars.contains($0)
      }
  }

  /// nil: there are mistakes.
  private static func news(_ map: MapReader) -> Set<News>? {
    guard map.has("on") else { return Set(News.allCases) }
    let words = News.allCases.map(\.rawValue)
    guard let elements = map.list("on", "[finish, failure]") else { return nil }
    var news: Set<News> = []
    var isWhole = true
    for element in elements {
      guard case .scalar(let scalar) = element.content, let word = News(rawValue: scalar.text) else {
        var advice = ""
        if case .scalar(let scalar) = element.content, let near = KeyHints.nearest(to: scalar.text, among: words) {
          advice = "; did you mean \(near)?"
        }
        map.mistakes.add(
          .invalidValue, element.place,
          "\(map.fullPath("on")) must hold \(MapReader.listed(words)), not \(element.shown)\(advice)")
        isWhole = false
        continue
      }
      news.insert(word)
    }
    if isWhole, news.isEmpty {
      map.tell(.invalidValue, "on", "must not be empty; without it all news are told")
      return nil
    }
    return isWhole ? news : nil
  }
}
