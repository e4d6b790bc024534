import TuningModel
import Wire

extension ReceivedReport {
  var message: ProtoReportReceived {
    .with {
      $0.attempt = attempt.message
      $0.sequence = UInt64(clamping: sequence)
      $0.readAtUs = readAt.microseconds
      if let resource { $0.resource = Int64(resource) }
      if let value { $0.value = value }
      $0.fields = fields.map(\.message)
      $0.disposition = disposition.message
    }
  }

  init(_ message: ProtoReportReceived) throws(WireError) {
    self.init(
      attempt: try TrialAttempt(message.attempt),
      sequence: try Check.offset(message.sequence, "report_received.sequence"),
      readAt: Timestamp(microseconds: message.readAtUs),
      resource: message.hasResource ? Int(message.resource) : nil,
      value: message.hasValue ? message.value : nil,
      fields: try Check.list(
        message.fields, atMost: WireLimits.maximumFields, "report_received.fields"
      ) { (field) throws(WireError) in try JSONValue.Member(field) },
      disposition: try ReportDisposition(message.disposition))
  }
}

extension ReportDisposition {
  var message: ProtoReportDisposition {
    .with {
      switch self {
      case .ranked: $0.ranked = ProtoEmpty()
      case .recorded: $0.recorded = ProtoEmpty()
      case .withheld: $0.withheld = ProtoEmpty()
      case .stale: $0.stale = ProtoEmpty()
      case .rejected(let reason): $0.rejected = reason.message
      }
    }
  }

  init(_ message: ProtoReportDisposition) throws(WireError) {
    switch message.content {
    case .ranked: self = .ranked
    case .recorded: self = .recorded
    case .withheld: self = .withheld
    case .stale: self = .stale
    case .rejected(let reason): self = .rejected(try RejectionReason(reason, "disposition.rejected"))
    case nil: throw Check.unknownMessage("the disposition of a report")
    }
  }
}

extension ReportDisposition.RejectionReason: WireEnumeration {
  package var message: ProtoReportDisposition.Rejection {
    switch self {
    case .metricMissing: .metricMissing
    case .metricNotANumber: .metricNotANumber
    case .resourceMissing: .resourceMissing
    case .resourceNotWhole: .resourceNotWhole
    case .resourceBelowOne: .resourceBelowOne
    }
  }
}
