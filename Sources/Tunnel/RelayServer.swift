import Glibc
import HostSystem
import TuningModel

/// The host's end of a tunnel: agents connect to its two sockets, and each connection becomes a stream on the wire.
public final class RelayServer {
  private let folder: RelayFolder
  private let lock: RelayLock
  private let pump: Pump
  private var doors: [Door] = []
  /// Accepting failed and is tried again then.
  private var acceptAgainAt: Instant?
  private var nextCheck: Instant
  /// How often the lock's record is renewed and the sockets are looked for.
  private let checkInterval: Duration

  /// A socket that is listened on.
  private struct Door {
    let target: TunnelTarget
    let path: String
    let watched: WatchedDescriptor
    let inode: UInt64
  }

  /// Connections of one door that one turn takes.
  private static let acceptBurst = 16

  private init(
    _ folder: RelayFolder, _ lock: RelayLock, input: Descriptor, output: Descriptor, timing: TunnelTiming
  ) throws(SystemError) {
    self.folder = folder
    self.lock = lock
    pump = try Pump(.relay, greeting: folder.path, input: input, output: output, timing: timing)
    nextCheck = HostClock.now
    checkInterval = timing.ping / 2
    for (target, path) in [(TunnelTarget.control, folder.control), (.bulk, folder.bulk)] {
      // Left by a relay that was killed: whoever holds the lock is the only one.
      try Files.removeFile(path)
      let socket = try SocketCalls.listen(path)
      let inode = try Files.status(path)?.inode ?? 0
      let watched = WatchedDescriptor(socket, pump.loop, token: Pump.ownTokens + doors.count)
      doors.append(Door(target: target, path: path, watched: watched, inode: inode))
    }
  }

  /// Serves a folder over the wire `input` and `output` until the wire ends, or the folder goes to another relay.
  /// - Returns: why it ended: never `stopped`, and `closed` when the other end has gone.
  public static func run(
    folder: RelayFolder, input: Descriptor, output: Descriptor, timing: TunnelTiming = TunnelTiming()
  ) -> TunnelError {
    signal(SIGPIPE, SIG_IGN)
    do throws(TunnelError) {
      try folder.prepare()
      let lock = try RelayLock.take(folder.lock, timing: timing)
      defer { withExtendedLifetime(lock) {} }
      let server: RelayServer
      do throws(SystemError) {
        server = try RelayServer(folder, lock, input: input, output: output, timing: timing)
      } catch {
        throw TunnelError(error)
      }
      defer { server.removeSockets() }
      while true { try server.turn() }
    } catch {
      return error
    }
  }

  private func turn() throws(TunnelError) {
    try watchDoors()
    let deadline = [nextCheck, acceptAgainAt].compactMap { $0 }.min()
    for event in try pump.turn(until: deadline) { accept(doors[event.token - Pump.ownTokens]) }
    guard HostClock.now >= nextCheck else { return }
    nextCheck = HostClock.now + checkInterval
    lock.heard(at: pump.liveness.lastHeard)
    for door in doors where (try? Files.status(door.path))??.inode != door.inode {
      throw TunnelError(.relay, "the socket \(door.path) was removed while the relay was at work")
    }
  }

  private func watchDoors() throws(TunnelError) {
    if let time = acceptAgainAt, HostClock.now >= time { acceptAgainAt = nil }
    // Before the other end said hello there is nobody to connect to.
    let isOpen = acceptAgainAt == nil && pump.multiplexer.isGreeted && pump.multiplexer.canOpen
    for door in doors {
      do throws(SystemError) {
        try door.watched.want(isOpen ? .readable : [])
      } catch {
        throw TunnelError(error)
      }
    }
  }

  private func accept(_ door: Door) {
    for _ in 0..<Self.acceptBurst where pump.multiplexer.canOpen {
      do throws(SystemError) {
        guard let socket = try UnixSocket.accept(door.watched.descriptor) else { return }
        // The folder's mode keeps others out already.
        guard try UnixSocket.peerUser(socket) == geteuid() else { continue }
        _ = pump.open(door.target, socket)
      } catch {
        // No descriptor is left, say: whoever waits is let in later.
        acceptAgainAt = HostClock.now + .seconds(1)
        return
      }
    }
  }

  private func removeSockets() {
    for door in doors where (try? Files.status(door.path))??.inode == door.inode { try? Files.removeFile(door.path) }
  }
}
