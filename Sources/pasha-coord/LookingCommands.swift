import ArgumentParser
import CoordinatorService

struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run's progress until it ends; q and Ctrl-C leave it running.")

  @OptionGroup var name: RunArgument
  @Flag(help: "Print lines on a terminal too, in place of the live view.")
  var plain = false
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.attach(run: name.run, isPlain: plain, json: output.json) } }
}

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run: its trials by status, agents, slots and rungs.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.status(run: name.run, json: output.json) } }
}

struct Trials: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the trials of a run.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.trials(run: name.run, json: output.json) } }
}

struct Best: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the best configuration so far, where its checkpoint is, and what was spent.")

  @OptionGroup var name: RunArgument
  @Flag(help: "Only the configuration, as one JSON object.")
  var config = false
  @Flag(help: "Only where its newest checkpoint is: a path on this machine, or HOST:PATH.")
  var checkpoint = false
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if config, checkpoint { throw ValidationError("--config and --checkpoint are printed one at a time") }
  }

  func run() throws {
    try perform {
      let part: Commands.BestPart? = config ? .configuration : checkpoint ? .checkpoint : nil
      return try Commands.best(run: name.run, part: part, json: output.json)
    }
  }
}

struct Page: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a run's page on this machine until it is interrupted, and print its address.",
    discussion: "The run may go on, be paused or over. The address holds the token with which the page takes commands.")

  @OptionGroup var name: RunArgument
  @Option(help: "The port; 0: any that is free. Default: 8700, or any that is free where that is in use.")
  var port: Int?
  @Flag(help: "Take no commands.")
  var readOnly = false
  @Flag(help: "Ask for the token for reading too: other users of this machine see nothing.")
  var guardReading = false
  @Option(help: "An address of this machine in place of 127.0.0.1; another one than loopback with a certificate alone.")
  var listen: String?
  @Option(help: "Serve encrypted, with this certificate (PEM).", completion: .file())
  var tlsCertificate: String?
  @Option(help: "The certificate's private key (PEM), which its owner alone can read.", completion: .file())
  var tlsKey: String?
  @Option(help: "A name under which browsers may ask for the page; may be given several times.")
  var hostName: [String] = []
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if let port, !(0...65_535).contains(port) { throw ValidationError("--port must be 0…65535, not \(port)") }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together")
    }
  }

  func run() throws {
    var serving = PageServing()
    serving.port = port
    serving.readOnly = readOnly
    serving.guardReading = guardReading
    serving.listen = listen
    serving.certificate = tlsCertificate
    serving.key = tlsKey
    serving.hostNames = hostName
    try perform { try Commands.page(run: name.run, serving: serving, json: output.json) }
  }
}

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List all runs, the newest first.")

  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.list(json: output.json) } }
}

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show one trial: its configuration, its attempts and where they ran, its checkpoints.")

  @Argument(help: "The trial's number.")
  var trial: Int
  @Option(
    name: .customLong("run"),
    help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.",
    completion: .runNames)
  var runName: String?
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.trial(run: runName, trial: trial, json: output.json) } }
}

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare runs: what each found, what it took, and when each came to the value that all came to.")

  @Argument(help: "Two or more runs: names, unique prefixes of them, or folders.")
  var runs: [String]
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if runs.count < 2 { throw ValidationError("name two runs at least") }
  }

  func run() throws { try perform { try Commands.compare(runs: runs, json: output.json) } }
}

struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print what a trial printed.")

  @Argument(help: "The trial's number.")
  var trial: Int
  @Option(
    name: .customLong("run"),
    help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.",
    completion: .runNames)
  var runName: String?
  @Option(help: "One attempt of the trial; without it all, in order.")
  var attempt: Int?
  @Flag(help: "Standard error instead of standard output.")
  var error = false
  @Flag(help: "Both: what the trial wrote on its standard error goes to this command's.")
  var both = false
  @Flag(name: .shortAndLong, help: "Go on printing as the trial writes, until it is over.")
  var follow = false
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if follow, output.json { throw ValidationError("--follow prints text as it comes, not JSON") }
    if error, both { throw ValidationError("--both prints standard error too: leave --error out") }
  }

  func run() throws {
    try perform {
      let streams: Commands.LogStreams = both ? .both : error ? .error : .output
      if follow { return try Commands.followLogs(run: runName, trial: trial, attempt: attempt, streams: streams) }
      return try Commands.logs(run: runName, trial: trial, attempt: attempt, streams: streams, json: output.json)
    }
  }
}

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say why each decision about a trial was taken, with the numbers; or why trials wait and slots are idle.")

  @Argument(help: "The trial's number.")
  var trial: Int?
  @Flag(help: "Why trials wait for slots, and why slots are idle.")
  var waiting = false
  @Option(
    name: .customLong("run"),
    help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.",
    completion: .runNames)
  var runName: String?
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if (trial == nil) == !waiting {
      throw ValidationError("give the number of a trial, or --waiting")
    }
  }

  func run() throws {
    try perform { try Commands.explain(run: runName, trial: trial, json: output.json) }
  }
}
