import Testing

@testable import Dashboard

@Suite("Pieces of a log")
struct LogTextTests {
  @Test("end between characters, and come to an end whatever the bytes are")
  func pieces() {
    let texts: [[UInt8]] = [
      Array("aé€😀b".utf8), Array(String(repeating: "😀", count: 9).utf8),
      [0xFF, 0xFE, 0x80, 0x80, 0x80, 0x80, 0x80, 0xF0],
      [0xE2, 0x82], [], Array("plain".utf8),
    ]
    for text in texts {
      for limit in 1...7 {
        var offset = 0
        var pieces: [String] = []
        while offset < text.count {
          let piece = Array(text[offset..<min(text.count, offset + limit)])
          let kept = LogText.whole(piece, isEnd: offset + piece.count == text.count)
          #expect(!kept.isEmpty)
          pieces.append(String(decoding: kept, as: UTF8.self))
          offset += kept.count
        }
        // With room for every character the pieces are the text.
        if limit >= 4, String(validating: text, as: UTF8.self) != nil {
          #expect(pieces.joined() == String(decoding: text, as: UTF8.self))
        }
      }
    }
  }
}
