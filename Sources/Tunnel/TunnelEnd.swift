import Glibc
import HostSystem
import TuningModel

/// The command on the host that is the relay: its standard streams, as descriptors of this machine.
public struct TunnelCommand {
  public var input: Descriptor
  public var output: Descriptor
  public var errors: Descriptor
  /// Readable once the command has ended.
  public var ended: Descriptor

  public init(input: Descriptor, output: Descriptor, errors: Descriptor, ended: Descriptor) {
    self.input = input
    self.output = output
    self.errors = errors
    self.ended = ended
  }
}

/// How a tunnel ended.
public typealias TunnelOutcome = TunnelError

/// The coordinator's end of a tunnel: each stream becomes a TCP connection to one of the coordinator's ports.
public final class TunnelEnd {
  private let pump: Pump
  private let errors: WatchedDescriptor
  private let stop: WatchedDescriptor
  private let ended: Descriptor
  private var isListening = false
  /// The last of what the relay wrote on its standard error.
  private var complaints = ByteQueue()

  private static let errorsToken = Pump.ownTokens
  private static let stopToken = Pump.ownTokens + 1
  private static let complaintLimit = 4 << 10
  /// How long the words of a relay that has ended are waited for.
  private static let lastWords = Duration.milliseconds(500)

  private init(
    _ command: TunnelCommand, control: LocalAddress, bulk: LocalAddress, stop: Descriptor, timing: TunnelTiming
  ) throws(SystemError) {
    pump = try Pump(.end, greeting: "", input: command.output, output: command.input, timing: timing)
    try SocketCalls.makeNonBlocking(command.errors)
    errors = WatchedDescriptor(command.errors, pump.loop, token: Self.errorsToken)
    self.stop = WatchedDescriptor(stop, pump.loop, token: Self.stopToken)
    ended = command.ended
    try errors.want(.readable)
    try self.stop.want(.readable)
    pump.connect = { target in try? SocketCalls.connect(target == .control ? control : bulk) }
  }

  /// Carries streams between a relay and the coordinator's two ports until the tunnel breaks, or `stop` can be read or
  /// was closed. Blocks the thread. SIGPIPE is ignored in the process from then on.
  /// - Parameter onListening: called once the relay listens, with its folder on the host: agents there connect to the
  ///   host `unix:FOLDER`.
  public static func run(
    command: TunnelCommand, control: LocalAddress, bulk: LocalAddress, stop: Descriptor,
    timing: TunnelTiming = TunnelTiming(), onListening: @escaping (String) -> Void
  ) -> TunnelOutcome {
    signal(SIGPIPE, SIG_IGN)
    let end: TunnelEnd
    do throws(SystemError) {
      end = try TunnelEnd(command, control: control, bulk: bulk, stop: stop, timing: timing)
    } catch {
      return TunnelError(error)
    }
    defer { end.pump.greeted = nil }
    end.pump.greeted = { [unowned end] folder throws(TunnelError) in
      guard folder.hasPrefix("/"), !folder.utf8.contains(0) else {
        throw TunnelError(.violation, "the relay names no folder that agents could connect to")
      }
      end.isListening = true
      onListening(folder)
    }
    return end.run()
  }

  private func run() -> TunnelOutcome {
    do throws(TunnelError) {
      while true {
        for event in try pump.turn() {
          if event.token == Self.stopToken { return TunnelError(.stopped, "the tunnel was told to stop") }
          try listen()
        }
      }
    } catch {
      return explained(error)
    }
  }

  /// Reads the relay's standard error.
  private func listen() throws(TunnelError) {
    guard readErrors() else { return }
    do throws(SystemError) {
      try errors.want([])
    } catch {
      throw TunnelError(error)
    }
  }

  /// Reads what there is; whether that was all.
  private func readErrors() -> Bool {
    var buffer = [UInt8](repeating: 0, count: Self.complaintLimit)
    switch SocketCalls.read(errors.descriptor, into: &buffer, upTo: buffer.count) {
    case .nothing: return false
    case .end, .failed: return true
    case .bytes(let count):
      complaints.append(buffer[..<count])
      complaints.removeFirst(max(0, complaints.count - Self.complaintLimit))
      return false
    }
  }

  /// The reason with the relay's last words, which come by another way than the wire.
  private func explained(_ error: TunnelError) -> TunnelOutcome {
    guard error.code == .closed else { return error }
    let deadline = HostClock.now + Self.lastWords
    while !readErrors(), HostClock.now < deadline { usleep(10_000) }
    let lines = complaints.slice(0..<complaints.count).split(separator: 10)
    let words = lines.last.map { "; the host says: \(Preamble.printable($0))" } ?? ""
    if isListening, words.isEmpty { return error }
    return TunnelError(isListening ? .closed : .relay, error.message + words)
  }
}
