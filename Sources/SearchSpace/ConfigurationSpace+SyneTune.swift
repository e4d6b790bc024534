import TuningModel

extension ConfigurationSpace {
  /// The space as `syne_tune.config_space.config_space_to_json_dict` of Syne Tune 0.13 gives it, and as its
  /// `config_space_from_json_dict` reads it: a domain by the names of Syne Tune's classes and their arguments, a
  /// constant as it is. `metadata.json` holds the text of this object as a string.
  public var syneTuneJSON: JSONValue {
    .object(
      entries.map { entry in
        switch entry.content {
        case .constant(let constant): JSONValue.Member(entry.name, constant.json)
        case .domain(let domain): JSONValue.Member(entry.name, domain.syneTuneJSON)
        }
      })
  }
}

extension Domain {
  var syneTuneJSON: JSONValue {
    switch self {
    case .real(let range):
      let bounds: [JSONValue.Member] = [.init("lower", .double(range.lower)), .init("upper", .double(range.upper))]
      // Syne Tune prints both of its logarithmic samplers as LogUniform, and reads them back as the plain one.
      return Self.object("Float", bounds, isLogarithmic: range.scale != .linear)
    case .integer(let range):
      let bounds: [JSONValue.Member] = [.init("lower", .int(range.lower)), .init("upper", .int(range.upper))]
      return Self.object("Integer", bounds, isLogarithmic: range.isLogarithmic)
    case .choice(let values):
      return Self.object("Categorical", [.init("categories", .array(values.map(\.json)))], isLogarithmic: false)
    case .ordinal(let ordinal):
      let categories = JSONValue.Member("categories", .array(ordinal.values.map(\.json)))
      if ordinal.kind == .equal { return Self.object("Ordinal", [categories], isLogarithmic: false) }
      let scale = JSONValue.Member("log_scale", .bool(ordinal.kind == .nearestInLog))
      return Self.object("OrdinalNearestNeighbor", [categories, scale], isLogarithmic: nil)
    case .finite(let range):
      return Self.object(
        "FiniteRange",
        [
          .init("lower", .double(range.lower)), .init("upper", .double(range.upper)),
          .init("log_scale", .bool(range.isLogarithmic)), .init("cast_int", .bool(range.isWhole)),
          .init("size", .int(range.size)),
        ], isLogarithmic: nil)
    }
  }

  /// Without a sampler where `isLogarithmic` is nil: such classes draw by themselves.
  private static func object(_ name: String, _ arguments: [JSONValue.Member], isLogarithmic: Bool?) -> JSONValue {
    var members = [
      JSONValue.Member("domain_cls", .string(name)), JSONValue.Member("domain_kwargs", .object(arguments)),
    ]
    if let isLogarithmic {
      members.append(.init("sampler_cls", .string(isLogarithmic ? "LogUniform" : "Uniform")))
      members.append(.init("sampler_kwargs", .object(isLogarithmic ? [.init("base", .double(2.718281828459045))] : [])))
    }
    return .object(members)
  }
}
