import Testing
import TuningModel

@testable import Scheduling

@Suite struct BlockTreeTests {
  /// Against plain sums, while values change, come and go.
  @Test(arguments: 0..<20)
  func sumsAndPlacesAreThoseOfPlainSums(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var values: [Int] = []
    var tree = BlockTree<Int>()
    for _ in 0..<400 {
      switch generator.nextBelow(4) {
      case 0 where !values.isEmpty:
        let index = Int(generator.nextBelow(UInt64(values.count)))
        values.remove(at: index)
        tree = BlockTree(tree.values, removing: index)
      case 1:
        let index = Int(generator.nextBelow(UInt64(values.count + 1)))
        let value = Int(generator.nextBelow(4))
        values.insert(value, at: index)
        tree = BlockTree(tree.values, inserting: value, at: index)
      default:
        guard !values.isEmpty else { continue }
        let index = Int(generator.nextBelow(UInt64(values.count)))
        values[index] = Int(generator.nextBelow(4))
        tree[index] = values[index]
      }
      #expect(tree.values == values && tree.count == values.count && tree.sum == values.reduce(0, +))
      var before = 0
      for (index, value) in values.enumerated() {
        #expect(tree.sum(before: index) == before && tree[index] == value)
        for bound in before..<(before + value) {
          let found = tree.firstExceeding(bound)
          #expect(found?.index == index && found?.before == before)
        }
        before += value
      }
      #expect(tree.sum(before: values.count) == before && tree.firstExceeding(before) == nil)
    }
  }
}
