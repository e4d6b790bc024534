/// What is known of each unordered pair of trials: two bits a pair.
struct PairStates: Sendable {
  /// Not yet compared in this window.
  static let unseen: UInt8 = 0
  /// One order so far.
  static let steady: UInt8 = 1
  /// The order changed once.
  static let crossed: UInt8 = 2
  /// It changed and changed back: what is between the two is noise. For good, within the window.
  static let noisy: UInt8 = 3

  /// Pair (i, j) with i < j stands at j(j − 1)/2 + i, four to a byte.
  private var bytes: [UInt8] = []
  private(set) var count = 0

  static func index(_ a: Int, _ b: Int) -> Int {
    let (low, high) = a < b ? (a, b) : (b, a)
    return high * (high - 1) / 2 + low
  }

  /// One more trial, unseen with all the others.
  mutating func grow() {
    count += 1
    let needed = (count * (count - 1) / 2 + 3) / 4
    while bytes.count < needed { bytes.append(0) }
  }

  subscript(pair: Int) -> UInt8 {
    get { (bytes[pair >> 2] >> UInt8((pair & 3) << 1)) & 3 }
    set {
      let shift = UInt8((pair & 3) << 1)
      bytes[pair >> 2] = bytes[pair >> 2] & ~(3 << shift) | newValue << shift
    }
  }

  /// Calls `body` with each noisy pair.
  func forEachNoisy(_ body: (_ low: Int, _ high: Int) -> Void) {
    var pair = 0
    for high in 0..<count {
      var low = 0
      while low < high {
        let byte = bytes[pair >> 2]
        if pair & 3 == 0, low + 4 <= high, byte & (byte >> 1) & 0x55 == 0 {
          low += 4
          pair += 4
          continue
        }
        if (byte >> UInt8((pair & 3) << 1)) & 3 == Self.noisy { body(low, high) }
        low += 1
        pair += 1
      }
    }
  }
}
