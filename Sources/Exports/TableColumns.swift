import TuningModel

/// The columns of a table: those that every run has, `config_NAME` for each entry of the space, and then the names that
/// trials reported, which keep them unless a column before has the name: then they are called `report_NAME`, with `_`
/// behind as often as it takes. `pasha.load` names columns in the same way.
struct TableColumns: Equatable {
  let own: [String]
  let configuration: [(name: String, column: String)]
  let fields: [(name: String, column: String)]

  init(own: [String], configuration: [String] = [], fields: [String] = []) {
    self.own = own
    var taken = Set(own)
    func free(_ wanted: String, _ prefix: String) -> String {
      if taken.insert(wanted).inserted { return wanted }
      var name = prefix + wanted
      while !taken.insert(name).inserted { name += "_" }
      return name
    }
    self.configuration = configuration.map { ($0, free("config_" + $0, "")) }
    self.fields = fields.map { ($0, free($0, "report_")) }
  }

  var all: [String] { own + configuration.map(\.column) + fields.map(\.column) }

  static func == (a: TableColumns, b: TableColumns) -> Bool { a.all == b.all }
}
