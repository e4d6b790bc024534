import Testing

@testable import SecureShell

@Suite struct SSHBytesTests {
  @Test func aNumberThatLooksNegativeGetsAZeroInFront() {
    var writer = SSHWriter()
    writer.mpint([0, 0, 0x80, 1])
    writer.mpint([0x7F])
    writer.mpint([0])
    #expect(writer.bytes == [0, 0, 0, 3, 0, 0x80, 1, 0, 0, 0, 1, 0x7F, 0, 0, 0, 0])
  }

  @Test func aReaderNeverGoesBeyondItsBytes() {
    var short = SSHReader([0, 0, 0, 5, 1, 2])
    #expect(short.string() == nil)
    var huge = SSHReader([0xFF, 0xFF, 0xFF, 0xFF, 1])
    #expect(huge.string() == nil)
    var empty = SSHReader([])
    #expect(empty.byte() == nil)
    #expect(empty.number() == nil)
  }

  @Test(arguments: [[], [0], [1, 2], [255, 254, 253], Array(0...255)] as [[UInt8]])
  func base64GoesThereAndBack(bytes: [UInt8]) {
    #expect(Base64.decode(Base64.encode(bytes)) ?? [] == bytes)
  }

  @Test(arguments: ["A", "AAAA=", "A=AA", "====", "AA A", "AAA\n", "AAA*"])
  func whatIsNoBase64IsRefused(text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
