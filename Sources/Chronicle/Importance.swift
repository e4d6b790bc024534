import Coordination
import SearchSpace
import TuningModel

/// How much each hyperparameter matters: functional analysis of variance on a random forest (F. Hutter, H. Hoos,
/// K. Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014).
///
/// A forest of regression trees is fitted to the trials; a tree is constant on boxes, so that the mean of its prediction
/// over all other hyperparameters, and with it the variance that one hyperparameter explains alone, is a sum over its
/// leaves and needs no sampling. The share of a hyperparameter is that variance by the tree's whole variance, in the mean
/// over the trees; what is missing to 1 is interaction.
///
/// Deviations: what is explained is a trial's place among the others, not its value, so that a few diverged trials do not
/// count for all of it (values that are not finite are the worst place); trials are compared at an equal budget, the
/// resource that half of them have reached.
public struct Importance: Equatable, Sendable {
  public struct Share: Equatable, Sendable {
    public var name: String
    /// From 0 to 1.
    public var share: Double
    /// The 10th and the 90th percentile over the trees.
    public var low: Double
    public var high: Double
  }

  public enum Note: Equatable, Sendable {
    /// Nothing can be said of so few.
    case tooFew
    /// Fewer than 30: rough.
    case few
    /// A sample of all.
    case sampled(of: Int)
    /// All places are equal, or there is nothing to tell apart.
    case nothingToExplain
  }

  /// Trials that were used.
  public var trials: Int
  /// The resource at which they are compared.
  public var resource: Int
  /// Most important first; constants are left out.
  public var shares: [Share]
  public var note: Note?

  public static let leastTrials = 10
  public static let mostTrials = 2000
  public static let trees = 24
}

/// What `Importance` is made of: small, so that it can be taken out and worked on elsewhere.
public struct ImportanceSample: Sendable {
  var names: [String] = []
  var axes: [Axis] = []
  /// Rows of encoded values.
  var rows: [[Double]] = []
  /// The lower the better; infinite for what is not finite.
  var losses: [Double] = []
  var resource = 0
  var all = 0

  /// One hyperparameter as the trees see it.
  enum Axis: Equatable, Sendable {
    /// From 0 to 1, evenly as the space draws it.
    case ordered
    /// So many values without an order; 64 at most.
    case categories(Int)
  }
}

extension Chronicle {
  /// The trials to be compared: a sample of `Importance.mostTrials` at most, the same for the same history.
  public func importanceSample() -> ImportanceSample {
    var sample = ImportanceSample()
    var encoders: [Encoder] = []
    for (name, domain) in state.specification.experiment.space.domains {
      guard domain.count != 1 else { continue }
      let encoder = Encoder(domain)
      sample.names.append(name)
      sample.axes.append(encoder.axis)
      encoders.append(encoder)
    }
    let reported = state.trials.indices.filter { state.trials[$0].resource > 0 }
    guard !reported.isEmpty else { return sample }
    // Half of them have come as far as this.
    let reached = reported.map { state.trials[$0].resource }.sorted(by: >)
    sample.resource = reached[(reached.count - 1) / 2]
    var usable = reported.filter { state.trials[$0].resource >= sample.resource }
    sample.all = usable.count
    var generator = SeededGenerator(seed: 1, stream: UInt64(usable.count))
    if usable.count > Importance.mostTrials {
      for index in 0..<Importance.mostTrials {
        usable.swapAt(index, index + Int(generator.nextBelow(UInt64(usable.count - index))))
      }
      usable = usable.prefix(Importance.mostTrials).sorted()
    }
    let mode = state.specification.experiment.mode
    for index in usable {
      guard let value = trials[index].reports.value(upTo: sample.resource) else { continue }
      let configuration = state.trials[index].configuration
      sample.rows.append(zip(sample.names, encoders).map { name, encoder in encoder.code(configuration[name]) })
      sample.losses.append(mode.loss(value))
    }
    return sample
  }
}

/// Puts the values of a domain on an axis.
private struct Encoder {
  let domain: Domain
  let axis: ImportanceSample.Axis

  init(_ domain: Domain) {
    self.domain = domain
    if case .choice(let values) = domain, values.count <= 64 {
      axis = .categories(values.count)
    } else {
      axis = .ordered
    }
  }

  func code(_ value: ParameterValue?) -> Double {
    guard let value else { return 0 }
    switch domain {
    case .real(let range):
      guard let number = value.number else { return 0 }
      switch range.scale {
      case .linear: return unit(number, range.lower, range.upper) { $0 }
      case .log: return unit(number, range.lower, range.upper, Mathematics.log)
      case .reverseLog:
        return unit(number, range.lower, range.upper) { -Mathematics.log(max(1 - $0, .leastNormalMagnitude)) }
      }
    case .integer(let range):
      guard let number = value.number else { return 0 }
      // Each whole number is a piece of its own, of which this is the middle.
      if range.isLogarithmic { return unit(number, Double(range.lower), Double(range.upper), Mathematics.log) }
      return unit(number, Double(range.lower) - 0.5, Double(range.upper) + 0.5) { $0 }
    case .choice(let values): return place(of: value, in: values)
    case .ordinal(let ordinal): return spread(place(of: value, in: ordinal.values), ordinal.values.count)
    case .finite(let range): return spread(place(of: value, in: range.values), range.values.count)
    }
  }

  private func unit(_ value: Double, _ lower: Double, _ upper: Double, _ scale: (Double) -> Double) -> Double {
    let (low, high) = (scale(lower), scale(upper))
    guard high > low, low.isFinite, high.isFinite else { return 0.5 }
    return min(1, max(0, (scale(value) - low) / (high - low)))
  }

  private func place(of value: ParameterValue, in values: [ParameterValue]) -> Double {
    if let index = values.firstIndex(of: value) { return domainPlace(index, values.count) }
    return 0
  }

  private func domainPlace(_ index: Int, _ count: Int) -> Double {
    if case .choice = domain, axis == .ordered { return spread(Double(index), count) }
    return Double(index)
  }

  private func spread(_ place: Double, _ count: Int) -> Double { (place + 0.5) / Double(max(1, count)) }
}
