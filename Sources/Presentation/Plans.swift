import Simulation
import TuningModel

extension Presentation {
  /// What `plan` found out and forecasts.
  public struct Plan: Sendable {
    /// A kind of host.
    public struct Kind: Sendable {
      /// Names, in the order of the cluster file; the first is the one that was tried.
      public var hosts: [String]
      public var devices: String
      /// Trials at once on each.
      public var slots: Int
      public var pace: TrialPace?
      /// Why nothing was measured.
      public var failure: String?
      /// Bytes free for checkpoints on the one tried.
      public var freeBytes: Int?

      public init(
        hosts: [String], devices: String, slots: Int = 0, pace: TrialPace? = nil, failure: String? = nil,
        freeBytes: Int? = nil
      ) {
        self.hosts = hosts
        self.devices = devices
        self.slots = slots
        self.pace = pace
        self.failure = failure
        self.freeBytes = freeBytes
      }
    }

    public var kinds: [Kind] = []
    /// Of the farm as a whole; nil where nothing was measured.
    public var farm: FarmPace?
    public var forecasts: [Forecast] = []
    /// What the learning curves are.
    public var curves = ""
    public var seeds = 0
    /// `epoch`, or what the script calls it.
    public var resource = "epoch"
    /// GPUs of one slot; nil: trials run on processor cores.
    public var gpusPerSlot: Double?
    /// What a person should know before believing it.
    public var notes: [String] = []

    public init() {}

    var slotTime: String { gpusPerSlot == nil ? "slot time" : "GPU time" }

    /// The kinds of which something is known.
    public var measured: [HostKind] {
      kinds.compactMap { kind in
        kind.pace.map { HostKind(hosts: kind.hosts.count, slotsPerHost: kind.slots, pace: $0) }
      }
    }

    /// Bytes of a forecast's checkpoints on a host with so many slots, when there are most.
    func bytes(of forecast: Forecast, onSlots slots: Int) -> Double {
      let all = measured.reduce(0) { $0 + $1.slots }
      let bytes = forecast.checkpoints.upper * Double(farm?.checkpointBytes ?? 0)
      return all == 0 ? 0 : bytes * Double(slots) / Double(all)
    }

    public func bytes(of forecast: Forecast, on kind: Kind) -> Double { bytes(of: forecast, onSlots: kind.slots) }

    /// On the host that has most slots.
    func bytesOnOneHost(_ forecast: Forecast) -> Double {
      bytes(of: forecast, onSlots: measured.map(\.slotsPerHost).max() ?? 0)
    }
  }

  public static func plan(_ plan: Plan) -> String {
    var lines = [kinds(plan)]
    for kind in plan.kinds {
      guard let failure = kind.failure else { continue }
      let name = failure.hasPrefix("\(kind.hosts.first ?? ""): ") ? "" : "\(kind.hosts.joined(separator: ", ")): "
      lines.append(printable(name + failure, keepsNewlines: true))
    }
    guard let farm = plan.farm, !plan.forecasts.isEmpty else { return lines.joined(separator: "\n") }
    lines.append(
      "\nestimate for \(count(farm.slots, "slot")); \(plan.curves), \(count(plan.seeds, "seed")): "
        + "the median (and the middle half), but for full training, which is arithmetic")
    lines.append(forecasts(plan, farm))
    lines += plan.notes.map { printable($0) }
    return lines.joined(separator: "\n")
  }

  private static func kinds(_ plan: Plan) -> String {
    let heading = [
      "kind of host", "hosts", "slots each", "\(printable(plan.resource)) takes", "start", "checkpoint", "preparation",
    ]
    let rows = plan.kinds.map { kind -> [String] in
      let name = "\(printable(kind.hosts.first ?? "")): \(printable(kind.devices))"
      guard let pace = kind.pace else { return [name, "\(kind.hosts.count)", "-", "-", "-", "-", "-"] }
      return [
        name, "\(kind.hosts.count)", "\(kind.slots)", seconds(pace.epochSeconds), seconds(pace.startSeconds),
        pace.checkpointBytes > 0 ? bytes(pace.checkpointBytes) : "none",
        pace.preparationSeconds.map { seconds($0) } ?? "-",
      ]
    }
    return table([heading] + rows)
  }

  private static func forecasts(_ plan: Plan, _ farm: FarmPace) -> String {
    let time = TimeUnit(seconds: plan.forecasts.map(\.wallSeconds.median).max() ?? 0)
    let slot = TimeUnit(seconds: plan.forecasts.map(\.slotSeconds.median).max() ?? 0)
    let resource = printable(plan.resource)
    let heading = [
      "approach", "trials", "up to \(resource)", "\(resource)s", "time, \(time.name)",
      "until the best is trained, \(time.name)",
      "\(plan.slotTime), \(slot.name)",
      "checkpoints in all", "on one host",
    ]
    let gpus = plan.gpusPerSlot ?? 1
    let rows = plan.forecasts.map { forecast -> [String] in
      func cell(_ values: Quartiles?, per unit: Double = 1, decimals: Int = 0) -> String {
        guard let values else { return "–" }
        func text(_ value: Double) -> String { fixed(value / unit, decimals) }
        return forecast.isExact || values.lower == values.upper
          ? text(values.median) : "\(text(values.median)) (\(text(values.lower))…\(text(values.upper)))"
      }
      let most = forecast.checkpoints.upper
      let total = most * Double(farm.checkpointBytes)
      return [
        printable(forecast.label), cell(forecast.trials), cell(forecast.maxResource), cell(forecast.epochs),
        cell(forecast.wallSeconds, per: time.seconds, decimals: time.decimals),
        cell(forecast.trainedSeconds, per: time.seconds, decimals: time.decimals),
        cell(forecast.slotSeconds, per: slot.seconds / gpus, decimals: slot.decimals),
        farm.checkpointBytes > 0 ? bytes(Int(total)) : "none",
        farm.checkpointBytes > 0 ? bytes(Int(plan.bytesOnOneHost(forecast))) : "none",
      ]
    }
    return table([heading] + rows)
  }

  private static func seconds(_ value: Double) -> String { duration(.nanoseconds(Int64(min(value, 1e9) * 1e9))) }

  // MARK: JSON

  public static func planJSON(_ plan: Plan) -> JSONValue {
    let gpus = plan.gpusPerSlot.map { JSONValue.double($0) } ?? .null
    return .object([
      .init("kinds", .array(plan.kinds.map(json))),
      .init("slots", plan.farm.map { .int($0.slots) } ?? .null),
      .init("epoch_seconds", plan.farm.map { .double($0.epochSeconds) } ?? .null),
      .init("start_seconds", plan.farm.map { .double($0.startSeconds) } ?? .null),
      .init("checkpoint_bytes", plan.farm.map { .int($0.checkpointBytes) } ?? .null),
      .init("gpus_per_slot", gpus),
      .init("curves", .string(plan.curves)),
      .init("seeds", .int(plan.seeds)),
      .init("forecasts", .array(plan.forecasts.map { json($0, plan) })),
      .init("notes", .array(plan.notes.map { .string($0) })),
    ])
  }

  private static func json(_ kind: Plan.Kind) -> JSONValue {
    .object([
      .init("hosts", .array(kind.hosts.map { .string($0) })),
      .init("devices", .string(kind.devices)),
      .init("slots_per_host", kind.pace == nil ? .null : .int(kind.slots)),
      .init("epoch_seconds", kind.pace.map { .double($0.epochSeconds) } ?? .null),
      .init("start_seconds", kind.pace.map { .double($0.startSeconds) } ?? .null),
      .init("steps", kind.pace.map { .int($0.steps) } ?? .null),
      .init("checkpoint_bytes", kind.pace.map { .int($0.checkpointBytes) } ?? .null),
      .init("preparation_seconds", kind.pace?.preparationSeconds.map { .double($0) } ?? .null),
      .init("free_bytes", kind.freeBytes.map { .int($0) } ?? .null),
      .init("failure", kind.failure.map { .string($0) } ?? .null),
    ])
  }

  private static func json(_ forecast: Forecast, _ plan: Plan) -> JSONValue {
    func json(_ values: Quartiles?) -> JSONValue {
      guard let values else { return .null }
      return .object([
        .init("lower", .double(values.lower)), .init("median", .double(values.median)),
        .init("upper", .double(values.upper)),
      ])
    }
    let bytes = Double(plan.farm?.checkpointBytes ?? 0)
    return .object([
      .init("approach", .string(forecast.label)),
      .init("exact", .bool(forecast.isExact)),
      .init("trials", json(forecast.trials)),
      .init("max_resource", json(forecast.maxResource)),
      .init("epochs", json(forecast.epochs)),
      .init("wall_seconds", json(forecast.wallSeconds)),
      .init("trained_seconds", json(forecast.trainedSeconds)),
      .init("slot_seconds", json(forecast.slotSeconds)),
      .init("checkpoints", json(forecast.checkpoints)),
      .init("checkpoint_bytes", .int(Int(forecast.checkpoints.upper * bytes))),
      .init("checkpoint_bytes_on_one_host", .int(Int(plan.bytesOnOneHost(forecast)))),
    ])
  }
}
