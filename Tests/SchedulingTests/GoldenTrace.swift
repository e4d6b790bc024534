import Foundation
import Scheduling
import TuningModel

/// A recorded run of the reference: see `Golden/README.md`.
struct GoldenTrace {
  struct Spec: Decodable {
    struct Kwargs: Decodable {
      var rankingCriterion: String
      var epsilon: Double?
      var epsilonScaling: Double?
    }
    struct Median: Decodable {
      var runningAverage: Bool?
      var graceTime: Int?
      var gracePopulation: Int?
      var rankCutoff: Double?
    }

    var name: String
    var type: String
    var n: Int
    var mode: String
    var maxT: Int
    var rMin: Int?
    var eta: Double?
    var rungLevels: [Int]?
    var rungIncrement: Int?
    var brackets: Int?
    var perBracket: Bool?
    var pashaKwargs: Kwargs?
    var numThresholdCandidates: Int?
    var msr: Median?
    var restartFromScratch: Bool?

    /// Whether it came from the code of PASHA's authors.
    var isFork: Bool { pashaKwargs != nil }
  }

  struct Line: Decodable {
    struct System: Decodable {
      var rungIdx: Int
      var maxT: Int
      var eps: Double
    }

    var ev: String
    var spec: Spec?
    var levels: [Int]?
    var quantiles: [[Double]]?
    var brackets: Int?
    var p: [Double]?
    var nextId: Int?
    var bracket: Int?
    var `do`: String?
    var trial: Int?
    var milestone: Int?
    var resumeFrom: Int?
    var e: Int?
    var v: Double?
    var cost: Double?
    var d: String?
    var pasha: [System] = []
    var rungs: [[Rung]] = []

    enum CodingKeys: String, CodingKey {
      case ev, spec, levels, quantiles, brackets, p, nextId, bracket, `do`, trial, milestone, resumeFrom, e, v, cost, d,
        sys
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      ev = try values.decode(String.self, forKey: .ev)
      spec = try values.decodeIfPresent(Spec.self, forKey: .spec)
      levels = try values.decodeIfPresent([Int].self, forKey: .levels)
      quantiles = try values.decodeIfPresent([[Double]].self, forKey: .quantiles)
      brackets = try values.decodeIfPresent(Int.self, forKey: .brackets)
      p = try values.decodeIfPresent([Double].self, forKey: .p)
      nextId = try values.decodeIfPresent(Int.self, forKey: .nextId)
      bracket = try values.decodeIfPresent(Int.self, forKey: .bracket)
      `do` = try values.decodeIfPresent(String.self, forKey: .do)
      trial = try values.decodeIfPresent(Int.self, forKey: .trial)
      milestone = try values.decodeIfPresent(Int.self, forKey: .milestone)
      resumeFrom = try values.decodeIfPresent(Int.self, forKey: .resumeFrom)
      e = try values.decodeIfPresent(Int.self, forKey: .e)
      v = try values.decodeIfPresent(Double.self, forKey: .v)
      cost = try values.decodeIfPresent(Double.self, forKey: .cost)
      d = try values.decodeIfPresent(String.self, forKey: .d)
      if ev == "pasha" { pasha = try values.decode([System].self, forKey: .sys) }
      if ev == "rungs" { rungs = try values.decode([[Rung]].self, forKey: .sys) }
    }
  }

  struct Rung: Decodable {
    var level: Int
    var entries: [Entry]
  }

  struct Entry: Decodable, Equatable {
    var trial: Int
    var value: Double
    /// nil: the trace does not say it.
    var isPromoted: Bool?

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      trial = try values.decode(Int.self)
      value = try values.decode(Double.self)
      isPromoted = values.isAtEnd ? nil : try values.decode(Bool.self)
    }

    init(trial: Int, value: Double, isPromoted: Bool?) {
      self.trial = trial
      self.value = value
      self.isPromoted = isPromoted
    }
  }

  let spec: Spec
  let lines: [Line]

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  /// The spec of a trace without the rest of it; nil for a file of another form.
  static func spec(of file: URL) throws -> Spec? {
    guard let first = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first else { return nil }
    return try decoder.decode(Line.self, from: Data(first.utf8)).spec
  }

  init(_ file: URL) throws {
    let decoder = Self.decoder
    let all = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try decoder.decode(Line.self, from: Data($0.utf8))
    }
    guard let spec = all.first?.spec else { throw GoldenMismatch("\(file.lastPathComponent) has no header") }
    self.spec = spec
    lines = Array(all.dropFirst())
  }

  /// Why a trace of this spec cannot be replayed; nil when it can.
  static func reasonToSkip(_ spec: Spec) -> String? {
    guard let options = options(of: spec) else { return "unknown type \(spec.type)" }
    // The authors' code has the top at the second rung there, as this one has.
    if spec.type == "pasha", !spec.isFork, options.levels.count == 2 {
      return "pasha with two rungs, where the reference compares the wrong ones"
    }
    return nil
  }

  static func options(of spec: Spec) -> SchedulerOptions? {
    guard let mode = MetricMode(rawValue: spec.mode), let (name, type) = kind(of: spec.type) else { return nil }
    var options = SchedulerOptions(
      name: name, mode: mode, maxResource: spec.maxT, gracePeriod: spec.rMin ?? 1, reductionFactor: spec.eta ?? 3,
      rungLevels: spec.rungLevels, rungIncrement: spec.rungLevels == nil ? spec.rungIncrement : nil,
      brackets: spec.brackets ?? 1, rungSystemPerBracket: spec.perBracket ?? false, type: type,
      thresholdCandidates: spec.numThresholdCandidates ?? 0)
    if let known = spec.pashaKwargs {
      guard let criterion = RankingOptions.Criterion(rawValue: known.rankingCriterion) else { return nil }
      options.ranking = RankingOptions(
        criterion: criterion, epsilon: known.epsilon, epsilonScaling: known.epsilonScaling)
    }
    if let median = spec.msr {
      let known = MedianOptions()
      options.median = MedianOptions(
        runningAverage: median.runningAverage ?? known.runningAverage, graceTime: median.graceTime ?? known.graceTime,
        gracePopulation: median.gracePopulation ?? known.gracePopulation,
        rankCutoff: median.rankCutoff ?? known.rankCutoff)
    }
    return options
  }

  private static func kind(of type: String) -> (SchedulerOptions.Name, SchedulerOptions.RungType)? {
    switch type {
    case "pasha": (.pasha, .promotion)
    case "promotion": (.asha, .promotion)
    case "stopping": (.asha, .stopping)
    case "cost_promotion": (.costPromotion, .promotion)
    case "rush_promotion": (.rush, .promotion)
    case "rush_stopping": (.rush, .stopping)
    case "median": (.medianStopping, .promotion)
    default: nil
    }
  }

  /// The traces that came with the tests.
  static var bundled: [URL] {
    guard let folder = Bundle.module.resourceURL?.appendingPathComponent("Golden") else { return [] }
    return traces(in: folder)
  }

  static func traces(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".jsonl") }.sorted().map { folder.appendingPathComponent($0) }
  }
}

struct GoldenMismatch: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
