/// Sums over the values of blocks, each node the sum of its two children: changing a value and asking for the sum before
/// a place take time in the logarithm of their number. (Sums are taken anew from below at each change, so that those of
/// floating-point numbers do not drift.)
struct BlockTree<Value: AdditiveArithmetic & Comparable & Sendable>: Sendable {
  private(set) var count = 0
  /// The root is node 1, the children of node n are 2n and 2n + 1; the leaves begin at `width`.
  private var nodes: [Value] = [.zero, .zero]
  private var width = 1

  init(_ values: [Value] = []) {
    count = values.count
    while width < values.count { width *= 2 }
    nodes = Array(repeating: .zero, count: 2 * width)
    for (index, value) in values.enumerated() { nodes[width + index] = value }
    for node in stride(from: width - 1, to: 0, by: -1) { nodes[node] = nodes[2 * node] + nodes[2 * node + 1] }
  }

  init(_ values: [Value], inserting value: Value, at index: Int) {
    var values = values
    values.insert(value, at: index)
    self.init(values)
  }

  init(_ values: [Value], removing index: Int) {
    var values = values
    values.remove(at: index)
    self.init(values)
  }

  /// All values, in their order.
  var values: [Value] { Array(nodes[width..<(width + count)]) }

  var sum: Value { nodes[1] }

  subscript(index: Int) -> Value {
    get { nodes[width + index] }
    set {
      var node = width + index
      nodes[node] = newValue
      while node > 1 {
        node /= 2
        nodes[node] = nodes[2 * node] + nodes[2 * node + 1]
      }
    }
  }

  /// The sum of the values before a place.
  func sum(before index: Int) -> Value {
    guard index < count else { return sum }
    var node = width + index
    var sum = Value.zero
    while node > 1 {
      if node % 2 == 1 { sum = nodes[node - 1] + sum }
      node /= 2
    }
    return sum
  }

  /// The first place whose value, with all before it, comes to more than `bound`, and the sum before it; nil where all
  /// together do not. For values that are not negative.
  func firstExceeding(_ bound: Value) -> (index: Int, before: Value)? {
    guard sum > bound else { return nil }
    var node = 1
    var before = Value.zero
    while node < width {
      let left = before + nodes[2 * node]
      if left > bound {
        node = 2 * node
      } else {
        before = left
        node = 2 * node + 1
      }
    }
    return (node - width, before)
  }
}
