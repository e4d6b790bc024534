import FuzzProperties
import Glibc

/// libFuzzer's main function calls this with each input. `PASHA_FUZZ_TARGET` says what the input is given to.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  do {
    try target.check(Array(UnsafeBufferPointer(start: data, count: size)))
  } catch {
    fatalError("\(target.rawValue): \(error)")
  }
  return 0
}

private let target: FuzzTarget = {
  let name = getenv("PASHA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("PASHA_FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue)), not '\(name)'")
  }
  return target
}()
