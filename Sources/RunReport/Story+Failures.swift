import Chronicle
import Coordination
import Presentation
import TuningModel

/// What failed, and why.
extension Story {
  static let mostFailures = 30
  static let mostMessages = 5

  func failures() -> Document.Section? {
    var blocks: [Document.Block] = []
    let failed = state.trials.filter { trial in
      if case .failed = trial.status { return true }
      return false
    }
    if !failed.isEmpty { blocks += failedBlocks(failed) }
    let lost = lostRows()
    if !lost.isEmpty {
      blocks.append(
        .paragraph(
          "Attempts that were lost with their hosts or could not be started; their trials went on from their newest "
            + "checkpoints that were left:"))
      blocks.append(
        .table(
          Document.Table(
            header: ["after", "trial", "attempt", "host", "what"], rows: Array(lost.prefix(Self.mostFailures * 2)),
            numeric: [0, 1, 2])))
      if lost.count > Self.mostFailures * 2 {
        blocks.append(.paragraph("The first \(Self.mostFailures * 2) of \(lost.count) are shown."))
      }
    }
    let unusable = state.trials.reduce(0) { $0 + $1.rejectedReports }
    if unusable > 0 {
      blocks.append(
        .paragraph(
          "\(Presentation.count(unusable, "report")) could not be used: without the metric, or without a whole "
            + "\(resource) of at least 1."))
    }
    guard !blocks.isEmpty else { return nil }
    return Document.Section(title: "What failed, and why", anchor: "failures", blocks: blocks)
  }

  private func failedBlocks(_ failed: [TrialState]) -> [Document.Block] {
    var kinds: [String] = []
    var byKind: [String: [TrialState]] = [:]
    for trial in failed {
      guard case .failed(let kind) = trial.status else { continue }
      let word = Presentation.word(kind)
      if byKind[word] == nil { kinds.append(word) }
      byKind[word, default: []].append(trial)
    }
    var blocks: [Document.Block] = []
    for kind in kinds {
      let trials = byKind[kind] ?? []
      let names = ReportText.list(trials.map { "\($0.id)" }, limit: 20)
      blocks.append(
        .paragraph(
          "\(Presentation.count(trials.count, "trial")) failed by \(kind): \(trials.count == 1 ? "trial" : "trials") \(names)."
        ))
    }
    return blocks + messageBlocks(failed)
  }

  /// What scripts print is often the same but for numbers: one of each text, with those that printed the like.
  private func messageBlocks(_ failed: [TrialState]) -> [Document.Block] {
    var order: [String] = []
    var byText: [String: [TrialState]] = [:]
    for trial in failed {
      guard let message = trial.failureMessage, !message.isEmpty else { continue }
      let text = Self.withoutNumbers(message)
      if byText[text] == nil { order.append(text) }
      byText[text, default: []].append(trial)
    }
    // The most frequent first, and of those the oldest.
    let groups = order.enumerated().map { (place: $0, trials: byText[$1] ?? []) }
      .sorted { ($1.trials.count, $0.place) < ($0.trials.count, $1.place) }
    var blocks: [Document.Block] = []
    for group in groups.prefix(Self.mostMessages) {
      let trial = group.trials[0]
      let at = trial.resource > 0 ? " after \(resource) \(trial.resource)" : ""
      var words = "Trial \(trial.id)\(at), \(values(trial.id.rawValue))"
      if group.trials.count > 1 {
        let others = ReportText.list(group.trials.dropFirst().map { "\($0.id)" }, limit: 12)
        words += "; the same but for numbers: \(group.trials.count == 2 ? "trial" : "trials") \(others)"
      }
      blocks.append(.paragraph(words + ":"))
      let lines = (trial.failureMessage ?? "").split(separator: "\n").joined(separator: "\n")
      blocks.append(.code(ReportText.plain(lines, limit: 3000, keepsNewlines: true)))
    }
    if groups.count > Self.mostMessages {
      blocks.append(
        .paragraph(
          "These are the most frequent \(Self.mostMessages) of \(Presentation.count(groups.count, "message")); the others stand in `logs`."
        ))
    }
    return blocks
  }

  /// The text with each number (with sign, fraction, exponent, or in base 16 behind `0x`) as one mark.
  static func withoutNumbers(_ text: String) -> String {
    var result: [UInt8] = []
    var isInNumber = false
    var last: UInt8 = 0
    for byte in text.utf8 {
      let isDigit = (0x30...0x39).contains(byte)
      // Letters within a number: exponents, and digits of base 16.
      let isSign = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      let continues =
        isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "x") || (0x61...0x66).contains(byte)
        || (0x41...0x46).contains(byte) || isSign && (last == UInt8(ascii: "e") || last == UInt8(ascii: "E"))
      last = byte
      if isInNumber, continues { continue }
      isInNumber = isDigit
      result.append(isDigit ? UInt8(ascii: "#") : byte)
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func lostRows() -> [[Document.Cell]] {
    var rows: [(seconds: Double, cells: [Document.Cell])] = []
    for (index, history) in chronicle.trials.enumerated() {
      for attempt in history.attempts {
        let what: String
        switch attempt.ending {
        case .lost?: what = "lost"
        case .refused?: what = "not started"
        default: continue
        }
        let host = state[AgentID(Int(attempt.agent))]?.name ?? "–"
        let seconds = attempt.ended ?? attempt.assigned
        rows.append(
          (
            seconds,
            [
              Document.Cell(at(seconds)), "\(index)", "\(attempt.attempt)",
              Document.Cell(ReportText.plain(host, limit: 60)), Document.Cell(what),
            ]
          ))
      }
    }
    return rows.sorted { $0.seconds < $1.seconds }.map(\.cells)
  }
}
