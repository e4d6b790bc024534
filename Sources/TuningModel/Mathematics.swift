import Glibc

/// The functions of the C library's mathematics that the pure floors need; nothing else of that library is theirs.
public enum Mathematics {
  public static func log(_ x: Double) -> Double { Glibc.log(x) }
  public static func log2(_ x: Double) -> Double { Glibc.log2(x) }
  public static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  public static func pow(_ x: Double, _ y: Double) -> Double { Glibc.pow(x, y) }
}
