/// Numbers as Python's `repr` and `str` print them. Training scripts and Syne Tune's files are Python's, so that one
/// text of a number is used everywhere: in arguments, in `config.json`, in the results.
public enum PythonNumber {
  /// The shortest digits that give the double back; an exponent below 1e-4 and from 1e16 on. `nan`, `inf` and `-inf`
  /// where the value is not finite.
  public static func text(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    // There the standard library's text is Python's.
    if value.magnitude >= 1e-3, value.magnitude < 1e15 { return value.description }
    let (digits, point) = shortestDigits(value.magnitude)
    let sign = value.sign == .minus ? "-" : ""
    // The value is 0.DIGITS · 10^point. The bounds are those of `float_repr_style` "short".
    if point > -4, point <= 16 { return sign + positional(digits, point) }
    let exponent = point - 1
    let magnitude = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+") + magnitude
  }

  private static func positional(_ digits: String, _ point: Int) -> String {
    if point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return digits + String(repeating: "0", count: point - digits.count) + ".0" }
    return digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// Digits without zeros at either end ("0" for zero), and the place of the point before them. The standard library's
  /// description has the digits; where it changes to an exponent differs from Python's.
  private static func shortestDigits(_ magnitude: Double) -> (digits: String, point: Int) {
    let parts = magnitude.description.split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
    var digits = Substring(String(mantissa[0]) + fraction)
    var point = mantissa[0].count + exponent
    while digits.count > 1, digits.first == "0" {
      digits = digits.dropFirst()
      point -= 1
    }
    while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
    return digits == "0" ? ("0", 1) : (String(digits), point)
  }
}
