import HostSystem

/// A descriptor in a poll loop under a token. One that nothing is wanted of is not watched at all: the kernel tells of
/// hung-up descriptors unasked, again and again.
final class WatchedDescriptor {
  let descriptor: Descriptor
  private let loop: EventLoop
  private let token: Int
  private var interest: EventLoop.Interest = []

  init(_ descriptor: Descriptor, _ loop: EventLoop, token: Int) {
    self.descriptor = descriptor
    self.loop = loop
    self.token = token
  }

  deinit { if !interest.isEmpty { loop.ignore(descriptor) } }

  func want(_ wanted: EventLoop.Interest) throws(SystemError) {
    guard wanted != interest else { return }
    if wanted.isEmpty {
      loop.ignore(descriptor)
    } else if interest.isEmpty {
      try loop.watch(descriptor, wanted, token: token)
    } else {
      try loop.change(descriptor, wanted, token: token)
    }
    interest = wanted
  }
}
