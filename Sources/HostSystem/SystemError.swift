import Glibc

/// A system call that failed: what was tried, on what, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    case notFound
    case exists
    case denied
    /// Somebody else holds it: a lock, a bound address.
    case busy
    case noSpace
    /// The other side is gone.
    case closed
    /// Nothing now, perhaps later.
    case wouldBlock
    case notSupported
    /// What is there is not what was asked for: a symbolic link, a special file, something too large.
    case unsuitable
    case other
  }

  public let code: Code
  /// The number of the C library, 0 where the error is not the kernel's.
  public let number: Int32
  public let message: String

  /// An error of the kernel: "cannot OPERATION SUBJECT: reason".
  public init(_ number: Int32, _ operation: String, _ subject: String = "") {
    self.number = number
    code = Self.code(of: number)
    let what = subject.isEmpty ? operation : "\(operation) \(subject)"
    message = "cannot \(what): \(Self.reason(number))"
  }

  /// An error that was found here.
  public init(_ code: Code, message: String) {
    self.code = code
    number = 0
    self.message = message
  }

  public var description: String { message }

  /// The C library's words for an error number.
  public static func reason(_ number: Int32) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return String(cString: text)
  }

  private static func code(of number: Int32) -> Code {
    switch number {
    case ENOENT, ENOTDIR, ESRCH: .notFound
    case EEXIST, ENOTEMPTY: .exists
    case EACCES, EPERM, EROFS: .denied
    case EBUSY, EADDRINUSE, ETXTBSY: .busy
    case ENOSPC, EDQUOT, EFBIG: .noSpace
    case EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN, ESHUTDOWN: .closed
    case EAGAIN: .wouldBlock
    case ENOSYS, EOPNOTSUPP, EXDEV, ENOTTY, EINVAL: .notSupported
    case ELOOP: .unsuitable
    default: .other
    }
  }
}

/// The value of a C call that gives -1 and `errno` on failure, tried again when a signal interrupted it.
func checked<Value: FixedWidthInteger>(
  _ operation: String, _ subject: @autoclosure () -> String = "", _ call: () -> Value
) throws(SystemError) -> Value {
  while true {
    let value = call()
    if value != -1 { return value }
    let number = errno
    if number == EINTR { continue }
    throw SystemError(number, operation, subject())
  }
}

/// The value of a call of the C shim, which gives the negated `errno` on failure.
func checkedShim(
  _ operation: String, _ subject: @autoclosure () -> String, _ value: Int32
) throws(SystemError) -> Int32 {
  guard value < 0 else { return value }
  throw SystemError(-value, operation, subject())
}
