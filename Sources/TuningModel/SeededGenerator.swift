/// A small seeded generator (SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014). The same seed and stream give the same numbers on every machine and in every version of pasha: draws
/// go through the functions here, never through the standard library's `random(in:)`, whose method may change.
public struct SeededGenerator: Sendable, Equatable {
  private var state: UInt64

  /// A generator for `stream` of `seed`; streams are independent of each other, so that what is drawn for one trial
  /// does not depend on how much was drawn for another.
  public init(seed: UInt64, stream: UInt64 = 0) {
    state = seed
    let mixed = nextBits() ^ (stream &* 0x9E37_79B9_7F4A_7C15)
    state = mixed
    state = nextBits()
  }

  /// 64 uniform bits.
  public mutating func nextBits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A uniform number in [0, 1) with 53 bits.
  public mutating func nextUnit() -> Double { Double(nextBits() >> 11) * 0x1p-53 }

  /// A uniform whole number in `0 ..< bound`, without bias. `bound` must be positive.
  public mutating func nextBelow(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0, "nextBelow needs a positive bound")
    let threshold = (0 &- bound) % bound
    while true {
      let (high, low) = nextBits().multipliedFullWidth(by: bound)
      if low >= threshold { return high }
    }
  }
}
