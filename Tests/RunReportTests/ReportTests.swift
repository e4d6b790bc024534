import Coordination
import Foundation
import FoundationXML
import Presentation
import Scheduling
import SearchSpace
import Simulation
import Testing
import TuningModel
import Wire

@testable import RunReport

@Suite("The report of a run")
struct ReportTests {
  private static let space = ConfigurationSpace([
    .init("lr", .loguniform(lower: 1e-5, upper: 1)), .init("kind", .choice([.string("a"), .string("b")])),
    .init("layers", .randint(lower: 1, upper: 4)), .init("epochs", constant: .int(9)),
  ])

  private static func configuration(_ lr: Double, _ kind: String = "a") -> Configuration {
    Configuration([
      .init("lr", .double(lr)), .init("kind", .string(kind)), .init("layers", .int(2)), .init("epochs", .int(9)),
    ])
  }

  private func small() throws -> Runs.Builder {
    var run = try Runs.Builder(Runs.specification(Self.space, mode: .max))
    Runs.start(&run)
    run.trial(0, Self.configuration(0.1), values: [0.5, 0.75, 0.625])
    run.end(0, .paused)
    run.trial(1, Self.configuration(0.2, "b"), values: [0.25])
    run.end(1, .failed(.code), standardError: "ValueError: bad luck\n")
    return run
  }

  @Test("tells what was tried, what won and what failed, with the numbers")
  func story() throws {
    let text = try small().report().markdown()
    #expect(text.contains("2 configurations of 3 hyperparameters (lr, kind and layers) were tried with PASHA"))
    #expect(text.contains("on 1 host with 2 slots"))
    #expect(text.contains("Trial 0 leads with loss 0.75 at epoch 2"))
    #expect(text.contains("lr=0.1 kind=a layers=2."))
    #expect(text.contains("1 trial failed by an error of the script: trial 1."))
    #expect(text.contains("ValueError: bad luck"))
    // Trial 0 to epoch 3, trial 1 to epoch 1; in full 9 epochs, and the one that failed as far as it came.
    #expect(
      text.contains("The search trained 4 epochs. Training every configuration in full would have taken 10 epochs"))
    #expect(text.contains("| full training of every configuration | ≈ 10 | 6 | ≈ 2.5 times |"))
  }

  @Test("of the order of the trials it says what was compared, and that it was settled once the search is over")
  func order() throws {
    #expect(
      try small().report().markdown().contains(
        "stands at 3 epochs, where it began: fewer than two trials came together at epoch 3, so that no order was compared"
      ))
    func run(_ values: [[Double]], _ end: RunEnd.Reason?) throws -> String {
      var run = try Runs.Builder(Runs.specification(Self.space))
      Runs.start(&run)
      for (index, values) in values.enumerated() {
        run.trial(index, Self.configuration(0.1), values: values, milestone: 3)
        run.end(index, .paused)
      }
      if let end { run.take(.runFinished(RunEnd(reason: end, message: ""))) }
      return run.report().markdown()
    }
    let same: [[Double]] = [[5, 4, 3], [6, 5, 4], [7, 6, 5]]
    let compared = "the order of the trials at epoch 3 was compared twice, and it is the same as in the rung below"
    for end in [nil, .stoppedByOperator, .tooManyFailures] as [RunEnd.Reason?] {
      let text = try run(same, end)
      #expect(text.contains("stands at 3 epochs, where it began: \(compared)."), "\(text)")
    }
    #expect(
      try run(same, .trialsStarted).contains(
        "stayed at 3 epochs, where it began: \(compared); it was settled when the search ended."))
    #expect(
      try run([[5, 4, 3.1], [4.9, 5, 3.2]], nil).contains(
        "was compared once, and it differs from that in the rung below by no more than the criterion allows."))
  }

  @Test("of slots it tells the time that somebody ran the run: a night between is cut out and marked")
  func night() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run, slots: 1)
    run.trial(0, Self.configuration(0.1), values: (1...6).map(Double.init))
    run.end(0, .paused)
    run.take(.runSuspended)
    run.down = 36_000
    run.take(.runResumed(version: "9.9"))
    run.trial(1, Self.configuration(0.2), values: (1...6).map(Double.init))
    let report = run.report()
    let text = report.markdown()
    #expect(text.contains("1 slot over 22.0 s; a trial was in it 68 % of the time."), "\(text)")
    #expect(text.contains("Time in which no coordinator ran the run is cut out: 10 h 00 min in all."))
    #expect(text.contains("| host | 1 | 2 | 68 % | 0 |"))
    #expect(report.html().contains("no coordinator ran the run for 10 h 00 min"))
    try check(report)
  }

  @Test("what scripts print in failing is told once of those that differ in numbers alone, the most frequent first")
  func failures() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run)
    let messages = [
      "KeyError: 'a'", "CUDA out of memory: 12.5 GiB at 0x7f3e", "ValueError: loss 1e-5",
      "CUDA out of memory: 3 GiB at 0x1", "ValueError: loss 0.25", "CUDA out of memory: 1 GiB at 0xab",
    ]
    for (index, message) in messages.enumerated() {
      run.trial(index, Self.configuration(0.1), values: [1])
      run.end(index, .failed(.code), standardError: message)
    }
    let text = run.report().markdown()
    #expect(text.components(separatedBy: "CUDA out of memory").count == 2)
    #expect(text.contains("the same but for numbers: trials 3 and 5"), "\(text)")
    #expect(text.contains("the same but for numbers: trial 4"))
    let places = ["CUDA out of memory: 12.5 GiB", "ValueError: loss 1e-5", "KeyError"].map {
      text.range(of: $0)?.lowerBound
    }
    #expect(places.allSatisfy { $0 != nil })
    #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
  }

  @Test("what was done by hand, and interruptions, stand there with their times")
  func steering() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run)
    #expect(!run.report().markdown().contains("Done by hand"))
    run.trial(0, Self.configuration(0.1), values: [1])
    run.take(
      .operatorCommand(.pauseTrial(TrialID(0))), .operatorCommand(.resumeTrial(TrialID(0))),
      .hostMarked("host", .draining), .hostMarked("host", .inUse), .specificationChanged(hash: "x"), .runExtended,
      .trialCreated(
        TrialCreation(trial: TrialID(1), configuration: Self.configuration(0.5), bracket: 0, origin: .operator)),
      .runResumed(version: "9.9"))
    let text = run.report().markdown()
    for line in [
      "trial 0 was paused", "trial 0 was let go on", "host host was drained", "host host was taken into use again",
      "a changed cluster file was taken over", "the run was extended", "trial 1 was brought in: lr=0.5",
      "a coordinator took the run up again; the one before had not ended it, and last wrote 1.0 s before",
    ] {
      #expect(text.contains(line), "\(line)\n\(text)")
    }
    for _ in 0..<2000 { run.take(.operatorCommand(.pauseTrial(TrialID(0)))) }
    #expect(run.report().markdown().contains("The first 60 of 2008 are shown."))
  }

  @Test("of an empty run says that nothing was reported, and has no plot without values")
  func empty() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    let nothing = run.report()
    #expect(nothing.markdown().contains("no trial reported loss."))
    Runs.start(&run)
    #expect(run.report(isRunning: true).html().contains("goes on; this is how it stood on"))
    #expect(!run.report().html().contains("Learning curves"))
  }

  @Test("says of a checkpoint of more than what counts why it is so")
  func pastMilestone() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run)
    run.trial(0, Self.configuration(0.1), values: [3, 2, 1], milestone: 3)
    #expect(run.report().markdown().contains("It has no checkpoint: none was written."))
    let seal = Seal(
      generation: 1, attempt: .first, coveredSequence: 4, coveredResource: 4, files: 1, bytes: 1, hash: "h")
    run.take(
      .attemptEnded(
        TrialAttempt(TrialID(0), .first),
        AttemptEnd(cause: .paused, exitStatus: 0, signal: nil, lastSequence: 4, seal: seal, errorTail: ""),
        consequence: .paused))
    let text = run.report().markdown()
    #expect(text.contains("Its checkpoint of epoch 4"), "\(text)")
    #expect(text.contains("It is of more than the 3 epochs that count: the script trained past its milestone"))
    run.take(.checkpointsDropped(TrialID(0), keeping: []))
    #expect(run.report().markdown().contains("It has no checkpoint: none is left"))
  }

  @Test("compares a run that was broken off with no simulation of the whole as if both were the same")
  func brokenOff() throws {
    func text(_ reason: RunEnd.Reason?) throws -> String {
      var run = try Runs.Builder(Runs.specification(Self.space))
      Runs.start(&run)
      for index in 0..<4 {
        run.trial(index, Self.configuration(0.1), values: [3, 2, 1], milestone: 3)
        run.end(index, .paused)
      }
      if let reason { run.take(.runFinished(RunEnd(reason: reason, message: ""))) }
      return run.report().markdown()
    }
    let near = "the second row shows how near such a simulation comes to what was"
    let further = "the second row may tell of more epochs and a higher maximum than the run had"
    #expect(try text(.trialsStarted).contains(near))
    for reason in [.stoppedByOperator, .wallclockTime, .tooManyFailures] as [RunEnd.Reason] {
      #expect(try text(reason).contains(further) && !text(reason).contains(near))
    }
    #expect(try !text(nil).contains(near) && !text(nil).contains(further))
  }

  @Test("of a run without a finite value says so beside how it ended")
  func notFinite() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run)
    run.trial(0, Self.configuration(0.1), values: [.nan, .infinity])
    run.end(0, .paused)
    run.take(.runFinished(RunEnd(reason: .trialsStarted, message: "")))
    let text = run.report().markdown()
    #expect(
      text.components(separatedBy: "no trial reported a finite loss: all 2 values are NaN or infinite").count >= 3)
  }

  @Test("is the same for the same run, and says the same as HTML and as Markdown")
  func same() throws {
    let run = try Runs.faulty(3)
    #expect(run.report().html() == run.report().html())
    let document = run.report().document()
    let (html, markdown) = (run.report().html(), run.report().markdown())
    for section in document.sections {
      #expect(html.contains("<h2>\(section.title)</h2>"))
      #expect(markdown.contains("## \(section.title)"))
    }
  }

  @Test(
    "is whole at any moment of a run, whatever breaks in it",
    arguments: [1, 2, 5, 8, 13] as [UInt64], [0.02, 0.3, 0.7, 1])
  func anyMoment(_ seed: UInt64, _ share: Double) throws {
    let report = try Runs.faulty(seed, upTo: share).report(isRunning: share < 1)
    try check(report)
  }

  /// Every picture is XML, every tag that is opened is closed, rows of tables are as long as their heads.
  private func check(_ report: RunReport) throws {
    for block in report.document().sections.flatMap(\.blocks) { try check(block) }
    let html = report.html()
    for tag in ["section", "table", "tr", "td", "th", "figure", "div", "p", "ul", "li", "details", "svg", "pre", "dl"] {
      let opened = html.matches(of: try Regex("<\(tag)[ >]")).count
      #expect(opened == html.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
    }
    #expect(!html.contains("<script") && !html.contains("http:") && !html.contains("https:") && !html.contains("url("))
    #expect(html.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
  }

  private func check(_ block: ReportDocument.Block) throws {
    switch block {
    case .figures(let figures):
      for figure in figures {
        let parser = XMLParser(data: Data(figure.svg.utf8))
        #expect(parser.parse(), "\(figure.title): \(parser.parserError.map { "\($0)" } ?? "")")
        #expect(!figure.summary.isEmpty)
        #expect(!figure.svg.contains("nan") && !figure.svg.contains("inf"))
      }
    case .table(let table): for row in table.rows { #expect(row.count == table.header.count) }
    case .folded(_, let blocks): for block in blocks { try check(block) }
    case .paragraph, .code: break
    }
  }

  @Test("takes names and texts of a run for text, in every place")
  func hostile() throws {
    let name = Runs.hostile
    let space = ConfigurationSpace([
      .init(name, .choice([.string(name), .string("b")])), .init("x" + name, .uniform(lower: 0, upper: 1)),
      .init("c" + name, constant: .string(name)),
    ])
    var specification = Runs.specification(space, metric: name, resource: name)
    specification.experiment.metadata = [MetadataEntry(key: name, value: .string(name))]
    var run = try Runs.Builder(specification)
    Runs.start(&run, run: name, host: name)
    for index in 0..<14 {
      let configuration = Configuration([
        .init(name, .string(index % 2 == 0 ? name : "b")), .init("x" + name, .double(Double(index) / 14)),
        .init("c" + name, .string(name)),
      ])
      run.trial(index, configuration, values: [Double(index), .nan, -.infinity, 1e300].suffix(1 + index % 4))
      run.end(index, index % 5 == 0 ? .failed(.code) : .paused, standardError: name)
    }
    let report = run.report()
    try check(report)
    let html = report.html()
    #expect(!html.contains("</style><") && !html.contains("\u{202E}") && html.contains("&lt;script src=//x&gt;"))
    let markdown = report.markdown()
    #expect(!markdown.contains("\u{1B}") && !markdown.contains("\u{202E}"))
    let outside = markdown.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    #expect(outside.allSatisfy { !$0.replacing("\\<", with: "").contains("<script") })
    #expect(outside.allSatisfy { !$0.contains("[a](") })
  }

  @Test("stays small however large the run is, and says what it leaves out")
  func large() throws {
    var run = try Runs.Builder(Runs.specification(Self.space))
    Runs.start(&run, slots: 128)
    var generator = SeededGenerator(seed: 1, stream: 0)
    for index in 0..<3000 {
      run.trial(index, Self.configuration(generator.nextUnit()), values: (0..<4).map { _ in generator.nextUnit() })
      run.end(index, .paused)
    }
    let html = run.report().html()
    #expect(html.utf8.count < 1 << 20)
    #expect(html.contains("The best 1000 of 3000 trials (export has all)"))
    #expect(html.contains("The first 80 of 128 slots over time"))
    #expect(html.contains("Learning curves (79 of 3000, the best and an even choice of the others)"))
  }

  @Test("a few diverged values do not take the room of the others, and are told of")
  func ranges() throws {
    let values = (0..<20).map { 1 + Double($0) / 20 } + [1e9, .infinity, .nan]
    let low = try #require(ShownRange(values, isBetterLower: true))
    #expect(low.range.lowerBound == 1 && low.range.upperBound < 3 && low.beyond == 1)
    let high = try #require(ShownRange(values.map { -$0 }, isBetterLower: false))
    #expect(high.range.upperBound == -1 && high.range.lowerBound > -3 && high.beyond == 1)
    #expect(ShownRange([.nan], isBetterLower: true) == nil)
    #expect(ShownRange([1, 2, 1e9], isBetterLower: true)?.beyond == 0)
  }

  @Test("hyperparameters stand on their axes as the space draws them")
  func places() {
    let log = ParameterPlace(.loguniform(lower: 1e-4, upper: 1))
    #expect(abs((log.position(.double(1e-2), spread: 0) ?? 0) - 0.5) < 1e-9)
    #expect(log.axis("lr").ticks.map(\.label) == ["0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(log.axis("lr").ticks.allSatisfy { (0...1).contains($0.value) })
    let choice = ParameterPlace(.choice([.string("a"), .string("b")]))
    #expect(choice.position(.string("c"), spread: 0) == nil)
    #expect((0..<40).allSatisfy { (0.5...1).contains(choice.position(.string("b"), spread: $0) ?? 0) })
    #expect(choice.axis("kind").ticks.map(\.label) == ["a", "b"])
    #expect(ParameterPlace(.uniform(lower: 3, upper: 3)).position(.double(3), spread: 0) == nil)
  }
}
