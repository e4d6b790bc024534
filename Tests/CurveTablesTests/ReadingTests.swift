import CurveTables
import Simulation
import TestSupport
import Testing

@Suite("Reading tables of learning curves")
struct ReadingTests {
  private let folder = TemporaryFolder("tables")

  private func write(_ files: [String: String]) throws -> String {
    for (name, text) in files { try folder.write("table/\(name)", text) }
    return folder.file("table")
  }

  @Test("a folder with curves alone takes 60 s an epoch, and rows may end early")
  func curvesAlone() throws {
    let table = try CurveTables.read(write(["curves.csv": "config_id,p1,p2,p3\n7,0.5,0.25,0.125\n3,1,2\n"]))
    #expect(table.name == "table")
    #expect(!table.hasTimes)
    #expect(table.longest == 3)
    #expect(
      table.rows == [
        .init(id: 7, values: [0.5, 0.25, 0.125], seconds: [60, 120, 180]),
        .init(id: 3, values: [1, 2], seconds: [60, 120]),
      ])
  }

  @Test("times are those of elapsed.csv, whatever the order of its rows")
  func elapsed() throws {
    let table = try CurveTables.read(
      write([
        "curves.csv": "config_id,p1,p2\n0,1,2\n1,3,4\n", "elapsed.csv": "config_id,p1,p2\n1,5.5,9\n0,2,3\n",
      ]))
    #expect(table.hasTimes)
    #expect(table.rows.map(\.seconds) == [[2, 3], [5.5, 9]])
  }

  @Test("a single file has hyperparameters and the seconds of an epoch in each row")
  func singleFile() throws {
    let path = try folder.write(
      "one.csv", "config_id,hp_lr,hp_net,epoch_seconds,e1,e2\r\n4,0.1,\"[C(64,1), \"\"x\"\"]\",2.5,10,20\r\n\r\n")
    let table = try CurveTables.read(path)
    #expect(table.name == "one")
    #expect(table.rows == [.init(id: 4, values: [10, 20], seconds: [2.5, 5])])
    #expect(table.hyperparameterNames == ["hp_lr", "hp_net"])
    #expect(table.hyperparameters == [["0.1", "[C(64,1), \"x\"]"]])
  }

  @Test("hyperparameters come from configs.csv, line ends and commas in quotes included")
  func configs() throws {
    let table = try CurveTables.read(
      write([
        "curves.csv": "\u{FEFF}config_id,p1\n0,1\n1,2\n",
        "configs.csv": "config_id,json,lr\n9,a,b\n1,\"{\"\"a\"\":1,\n\"\"b\"\":2}\", 0.5\n",
      ]))
    #expect(table.hyperparameterNames == ["json", "lr"])
    #expect(table.hyperparameters == [[], ["{\"a\":1,\n\"b\":2}", "0.5"]])
  }

  @Test("table.json names the table, its metric, mode and maximum resource")
  func description() throws {
    let table = try CurveTables.read(
      write([
        "curves.csv": "config_id,p1\n0,1\n",
        "table.json": #"{"name": "N", "metric": "accuracy", "mode": "max", "max_t": 9, "licence": "MIT"}"#,
      ]))
    #expect(table.name == "N")
    #expect(table.description == TableDescription(name: "N", metric: "accuracy", mode: .max, maxResource: 9))
  }

  @Test("curves too short, with values that are not finite or times that do not grow are left out and counted")
  func leftOut() throws {
    let path = try folder.write(
      "one.csv", "config_id,epoch_seconds,e1,e2,e3\n0,1,1,2,3\n1,1,1,2\n2,1,nan,2,3\n3,0,1,2,3\n4,1,1,2,inf\n5,1,1,,\n")
    let table = try CurveTables.read(path)
    let (curves, leftOut) = try table.curves(upTo: 2)
    #expect(curves.rows.map(\.id) == [0, 1, 4])
    #expect(curves.rows[0] == .init(id: 0, values: [1, 2], seconds: [1, 2]))
    #expect(leftOut.count == 3)
    #expect(
      "\(leftOut)" == "3 of 6 configurations are left out: 1 with fewer than 2 values, 1 with a value that is not "
        + "finite, 1 with times that do not grow")
    #expect(try table.curves(upTo: 3).table.rows.map(\.id) == [0])
    #expect {
      try table.curves(upTo: 4)
    } throws: {
      "\($0)".hasSuffix(
        "no curve is left for max_t 4: 6 of 6 configurations are left out: 6 with fewer than 4 values; the longest "
          + "has 3: choose max_t accordingly")
    }
  }

  @Test(
    "a mistake has its file, line, column and a way out",
    arguments: [
      (["curves.csv": ""], "curves.csv: is empty; the first line must be the heading config_id,p1,p2,…"),
      (["curves.csv": "0,1,2\n"], "curves.csv:1:1: the first line must be the heading config_id,p1,p2,…; it has no"),
      (["curves.csv": "config_id,a\n"], "curves.csv:1:1: the heading has no values: columns p1, p2, … or e1, e2, …"),
      (["curves.csv": "config_id,p1,p3\n"], "curves.csv:1:14: behind p1 must come p2, not \"p3\""),
      (["curves.csv": "config_id,a,a,p1\n"], "curves.csv:1:13: the column \"a\" stands here a second time"),
      (["curves.csv": "p1,config_id\n"], "curves.csv:1:4: behind p1 must come p2, not \"config_id\""),
      (["curves.csv": "config_id,p1\n"], "curves.csv: has a heading and no rows"),
      (["curves.csv": "config_id,p1,p2\n0,1,2\n1,é,3\n"], "curves.csv:3:3: p1 must be a number, not \"é\""),
      (["curves.csv": "config_id,p1,p2\n1,\"é\",x\n"], "curves.csv:2:3: p1 must be a number, not \"é\""),
      (["curves.csv": "config_id,p1,p2\n1,3,0x10\n"], "curves.csv:2:5: p2 must be a number, not \"0x10\""),
      (["curves.csv": "config_id,p1,p2\n0,,2\n"], "curves.csv:2:3: p1 is empty; a row may end early, but must not"),
      (["curves.csv": "config_id,p1\n0,1,2\n"], "curves.csv:2:5: the row has 3 cells, and the heading 2"),
      (["curves.csv": "config_id,p1\n-1,1\n"], "curves.csv:2:1: config_id must be a whole number from 0 on, not"),
      (["curves.csv": "config_id,p1\n5,1\n5,2\n"], "curves.csv:3:1: configuration 5 stands here a second time"),
      (["curves.csv": "a,config_id,p1\nx\n"], "curves.csv:2:1: the row ends before config_id"),
      (["curves.csv": "config_id,p1\n0,\"1\n"], "curves.csv:2:3: the quote that begins here is never closed"),
      (["curves.csv": "config_id,p1\n0,\"1\"2\n"], "curves.csv:2:6: a comma or the line's end must follow"),
      (["curves.csv": "config_id,epoch_seconds,e1\n0,x,1\n"], "curves.csv:2:3: epoch_seconds must be a number of"),
      (["elapsed.csv": ""], "there is no such file or folder; a table's folder holds curves.csv at least"),
      (
        ["curves.csv": "config_id,p1\n0,1\n1,1\n", "elapsed.csv": "config_id,p1\n0,1\n"],
        "elapsed.csv: has no row for configuration 1 of curves.csv"
      ),
      (
        ["curves.csv": "config_id,p1,p2\n0,1,2\n", "elapsed.csv": "config_id,p1\n0,1\n"],
        "elapsed.csv:2:1: configuration 0 has 1 times, and 2 values in curves.csv"
      ),
      (
        ["curves.csv": "config_id,p1\n0,1\n", "elapsed.csv": "config_id,p1\n2,1\n"],
        "elapsed.csv:2:1: configuration 2 is not in curves.csv"
      ),
      (
        ["curves.csv": "config_id,epoch_seconds,e1\n0,1,1\n", "elapsed.csv": "config_id,p1\n0,1\n"],
        "elapsed.csv: curves.csv has times of its own in epoch_seconds"
      ),
      (
        ["curves.csv": "config_id,p1\n0,1\n", "configs.csv": "config_id,lr\n0,1\n0,2\n"],
        "configs.csv:3:1: configuration 0 stands here a second time"
      ),
      (["curves.csv": "config_id,p1\n0,1\n", "table.json": "{\n \"a\": }"], "table.json:2:7: "),
      (["curves.csv": "config_id,p1\n0,1\n", "table.json": "[]"], "table.json: must be a JSON object"),
      (
        ["curves.csv": "config_id,p1\n0,1\n", "table.json": #"{"mode": "up"}"#],
        #"table.json: mode must be "min" or "max", not "up""#
      ),
      (["curves.csv": "config_id,p1\n0,1\n", "table.json": #"{"size": 1}"#], "table.json: size is not known; known"),
    ])
  func mistakes(_ files: [String: String], _ expected: String) throws {
    let path = try write(files)
    #expect {
      try CurveTables.read(path)
    } throws: { error in
      error is CurveTableError && "\(error)".hasPrefix(path) && "\(error)".contains(expected)
    }
  }

  @Test("a path where nothing is, and one that is no file, are refused by name")
  func paths() throws {
    let none = folder.file("none")
    #expect { try CurveTables.read(none) } throws: { "\($0)" == none + ": there is no such file or folder" }
    #expect { try CurveTables.read("/dev/null") } throws: { "\($0)".contains("neither a file nor a folder") }
    let path = try write(["curves.csv/x": ""])
    #expect { try CurveTables.read(path) } throws: { "\($0)".contains("curves.csv: is no regular file") }
  }

  @Test("random changes to a file never trap", arguments: 0..<24 as Range<UInt64>)
  func mutations(_ seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(below bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let text = Array("config_id,lr,epoch_seconds,e1,e2\n0,\"a,\"\"b\",1.5,0.1,0.2\r\n1,c,2,nan,1e5\n".utf8)
    let alphabet = Array(",\"\n\r0e-\u{7F}\u{0}é".utf8)
    for round in 0..<40 {
      var bytes = text
      for _ in 0...next(below: 4) {
        let place = next(below: bytes.count)
        let byte = alphabet[next(below: alphabet.count)]
        if next(below: 2) == 0 { bytes[place] = byte } else { bytes.insert(byte, at: place) }
      }
      let path = try folder.write("\(round).csv", String(decoding: bytes, as: UTF8.self))
      do {
        let table = try CurveTables.read(path)
        #expect(!table.rows.isEmpty)
      } catch {
        #expect("\(error)".hasPrefix(path))
      }
    }
  }
}
