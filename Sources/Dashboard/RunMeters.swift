import Chronicle
import Coordination
import HostSystem
import Metrics
import Presentation
import TuningModel

/// The run's numbers as metrics of swift-metrics, set anew from its history each time somebody reads them.
final class RunMeters: Sendable {
  private let registry: MetricsRegistry
  private let known = Locked<[Key: Meter]>([:])

  fileprivate struct Key: Hashable, Sendable {
    var name: String
    var labels: [String]
  }

  fileprivate enum Meter: Sendable {
    case gauge(Gauge)
    case counter(FloatingPointCounter)
  }

  init(_ registry: MetricsRegistry) { self.registry = registry }

  /// All metrics of the process as Prometheus reads them.
  /// - Parameter fill: sets the run's; one that it does not set is there no more.
  func text(_ fill: (inout Sheet) -> Void) -> String {
    // One reader after the other: what one has set is what it gets.
    known.withLock { known in
      var sheet = Sheet(registry: registry, known: known)
      fill(&sheet)
      for (key, meter) in known where sheet.meters[key] == nil {
        switch meter {
        case .gauge(let gauge): gauge.destroy()
        case .counter(let counter): counter.destroy()
        }
      }
      known = sheet.meters
      return registry.text
    }
  }

  /// The run's metrics of one moment.
  struct Sheet {
    fileprivate let registry: MetricsRegistry
    fileprivate let known: [Key: Meter]
    fileprivate var meters: [Key: Meter] = [:]

    fileprivate init(registry: MetricsRegistry, known: [Key: Meter]) {
      self.registry = registry
      self.known = known
    }

    mutating func set(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
      let key = Key(name: name, labels: labels.map(\.value))
      let gauge: Gauge
      if case .gauge(let before)? = known[key] {
        gauge = before
      } else {
        gauge = Gauge(label: "pasha_" + name, dimensions: labels.map { ($0.key, $0.value) }, factory: registry)
      }
      gauge.record(value)
      meters[key] = .gauge(gauge)
    }

    /// Of what only grows: its name gets `_total`.
    mutating func count(_ name: String, _ value: Double) {
      let key = Key(name: name, labels: [])
      let counter: FloatingPointCounter
      if case .counter(let before)? = known[key] {
        counter = before
      } else {
        counter = FloatingPointCounter(label: "pasha_" + name, factory: registry)
      }
      counter.reset()
      counter.increment(by: value)
      meters[key] = .counter(counter)
    }
  }

  /// By the name that Prometheus reads.
  static let help: [String: String] = [
    "pasha_coordinator_up": "Whether the run's coordinator answers.",
    "pasha_active_seconds_total": "Time during which the run was up.",
    "pasha_journal_facts_total": "Facts in the run's journal.",
    "pasha_run_status": "1 for the status of the run.",
    "pasha_trials": "Trials by status.",
    "pasha_waiting_trials": "Trials that wait for a slot.",
    "pasha_reports_total": "Reports received.",
    "pasha_resource_total": "Resource trained, by all attempts of all trials.",
    "pasha_slot_seconds_total": "Time in slots, over all trials.",
    "pasha_restarts_total": "Starts after faults of hosts.",
    "pasha_checkpoint_moves_total": "Checkpoints that went from one place to another.",
    "pasha_promotions_in_place_total": "Promotions without a restart.",
    "pasha_best_value": "The best value of the metric so far.",
    "pasha_cost_total": "Cost that trials have reported.",
    "pasha_hosts": "Hosts by state.",
    "pasha_slots": "Slots of hosts that are not lost.",
    "pasha_slots_busy": "Slots with a trial.",
    "pasha_maximum_resource": "Resource up to which trials are promoted at present.",
    "pasha_epsilon": "PASHA's epsilon, in the unit of the metric.",
    "pasha_rung_trials": "Trials that reached a rung.",
    "pasha_page_requests_total": "Requests answered by this server, by class of status.",
    "pasha_page_streams": "Streams of news that are open.",
    "hb_requests_total": "Requests answered, by route, method and status.",
    "http_server_active_requests": "Requests that are being answered, by method.",
    "http_server_request_duration_seconds": "Time until a request was answered, by route, method and status.",
  ]
}

extension RunMeters.Sheet {
  mutating func add(_ chronicle: Chronicle, now: Stamp, _ presence: CoordinatorPresence) {
    let state = chronicle.state
    var isRunning = false
    if case .running = presence { isRunning = true }
    set("coordinator_up", isRunning ? 1 : 0)
    count("active_seconds", now.active.inSeconds)
    count("journal_facts", Double(chronicle.sequence))
    set("run_status", 1, ["status": Presentation.runStatus(state, service: presence)])
    trials(chronicle, now)
    hosts(state)
    for (bracket, system) in state.scheduler.ladder.enumerated() {
      set("maximum_resource", Double(system.currentMaximum), ["bracket": "\(bracket)"])
      if let epsilon = system.epsilon { set("epsilon", epsilon, ["bracket": "\(bracket)"]) }
      for rung in system.rungs {
        set("rung_trials", Double(rung.entries), ["bracket": "\(bracket)", "level": "\(rung.level)"])
      }
    }
  }

  private mutating func trials(_ chronicle: Chronicle, _ now: Stamp) {
    let state = chronicle.state
    var counts: [String: Int] = [:]
    var (restarts, moves, slotSeconds) = (0, 0, 0.0)
    for index in state.trials.indices {
      counts[state.trials[index].status.word, default: 0] += 1
      restarts += state.trials[index].restarts
      moves += state.trials[index].moves
      slotSeconds += chronicle.slotSeconds(of: index, at: now.active.inSeconds)
    }
    for word in RunView.statusWords { set("trials", Double(counts[word] ?? 0), ["status": word]) }
    set("waiting_trials", Double(state.waiting.count))
    count("reports", Double(state.totals.reports))
    count("resource", Double(state.totals.trained))
    count("slot_seconds", slotSeconds)
    count("restarts", Double(restarts))
    count("checkpoint_moves", Double(moves))
    count("promotions_in_place", Double(state.totals.continuedInPlace))
    if let best = state.bestSoFar { set("best_value", best) }
    if state.specification.experiment.costAttribute != nil { count("cost", state.totals.cost) }
  }

  private mutating func hosts(_ state: RunState) {
    // The agents of a run that nobody runs any more have ended.
    let isOver = state.end != nil || state.isSuspended
    let hosts = isOver ? [] : HostHealth.all(state, live: nil).filter { $0.word != .removed }
    for word in HostHealth.Word.allCases where word != .removed {
      set("hosts", Double(hosts.count { $0.word == word }), ["state": word.text])
    }
    let agents = hosts.compactMap(\.agent).filter { $0.reachability != .lost }
    set("slots", Double(agents.reduce(0) { $0 + $1.slots.count }))
    set("slots_busy", Double(agents.reduce(0) { $0 + $1.slots.count { $0 != nil } }))
  }
}
