import Chronicle
import Coordination
import Presentation

/// The answer of `/api/v1/timeline`.
struct TimelineView {
  let chronicle: Chronicle
  let health: [HostHealth]
  let from: Double
  let to: Double
  let width: Int

  /// - Parameter last: what is open ends there, since nothing is known of what came after.
  func write(offset: Int, limit: Int, until last: Double, _ writer: inout JSONWriter) {
    let lanes = ordered()
    let words = Dictionary(health.map { ($0.host, $0.word.text) }, uniquingKeysWith: { first, _ in first })
    writer.object { writer in
      writer.member("from", from)
      writer.member("to", to)
      writer.member("total_lanes", lanes.count)
      writer.member("offset", offset)
      writer.array("lanes") { writer in
        for lane in lanes.dropFirst(offset).prefix(limit) {
          writer.object { writer in
            writer.member("host", lane.name.host)
            writer.member("state", words[lane.name.host] ?? HostHealth.Word.removed.text)
            writer.member("slot", lane.name.slot)
            writer.member("device", lane.device)
            segments(lane, last, &writer)
            absences(lane, last, &writer)
          }
        }
      }
    }
  }

  /// In the order of the hosts of the file and of their coming.
  private func ordered() -> [Timeline.Lane] {
    var places: [String: Int] = [:]
    for name in chronicle.state.hosts.map(\.name) + chronicle.state.agents.map(\.name) where places[name] == nil {
      places[name] = places.count
    }
    return chronicle.timeline.lanes.sorted { a, b in
      (places[a.name.host] ?? .max, a.name.slot) < (places[b.name.host] ?? .max, b.name.slot)
    }
  }

  private func segments(_ lane: Timeline.Lane, _ last: Double, _ writer: inout JSONWriter) {
    writer.array("segments") { writer in
      for segment in Timeline.shown(lane, from: from, to: max(from, min(to, last)), width: width) {
        writer.object { writer in
          writer.member("start", segment.start)
          writer.member("end", segment.end)
          writer.member("kind", Self.word(segment.kind))
          writer.maybe("trial", segment.trial.map(Int.init))
          writer.maybe("attempt", segment.attempt.map(Int.init))
          writer.member("busy", segment.busy)
        }
      }
    }
  }

  private func absences(_ lane: Timeline.Lane, _ last: Double, _ writer: inout JSONWriter) {
    let all = (chronicle.timeline.absences[lane.name.host] ?? []) + chronicle.timeline.downtimes + lane.unusable
    writer.array("absences") { writer in
      for absence in Timeline.shown(all.sorted { $0.start < $1.start }, from: from, to: max(from, min(to, last))) {
        writer.object { writer in
          writer.member("start", absence.start)
          writer.member("end", absence.end)
          writer.member("kind", Self.word(absence.kind))
        }
      }
    }
  }

  private static func word(_ kind: Timeline.Kind?) -> String {
    switch kind {
    case .starting?: "starting"
    case .moving?: "moving"
    case .running?: "running"
    case .held?: "held"
    case .ending?: "ending"
    case nil: "mixed"
    }
  }

  private static func word(_ kind: Timeline.AbsenceKind) -> String {
    switch kind {
    case .absent: "absent"
    case .suspect: "suspect"
    case .unreachable: "unreachable"
    case .lost: "lost"
    case .draining: "draining"
    case .unusable: "unusable"
    }
  }
}
