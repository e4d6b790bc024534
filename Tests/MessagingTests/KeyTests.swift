import CZeroMQ
import Testing

@testable import Messaging

@Suite struct KeyTests {
  @Test func z85IsAsTheSpecificationHasIt() {
    #expect(Z85.encode([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]) == "HelloWorld")
    #expect(Z85.decode("HelloWorld".utf8) == [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])
  }

  @Test func z85GivesBytesBackAndAgreesWithLibzmq() {
    for count in stride(from: 0, through: 64, by: 4) {
      for _ in 0..<50 {
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
        let text = Z85.encode(bytes)
        #expect(text.flatMap { Z85.decode($0.utf8) } == bytes)
        guard count > 0 else { continue }
        var theirs = [CChar](repeating: 0, count: count / 4 * 5 + 1)
        zmq_z85_encode(&theirs, bytes, bytes.count)
        #expect(text == String(decoding: theirs.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
    }
  }

  @Test func z85RefusesWhatIsNone() {
    #expect(Z85.decode("Hello\"orld".utf8) == nil)
    #expect(Z85.decode("Hell".utf8) == nil)
    #expect(Z85.decode("#####".utf8) == nil, "85^5 - 1 is more than 32 bits")
    #expect(Z85.decode("%nSc0".utf8) == [255, 255, 255, 255])
    #expect(Z85.decode("%nSc1".utf8) == nil)
    #expect(Z85.encode([1, 2, 3]) == nil)
  }

  @Test func aPairComesBackFromItsSecretHalf() throws {
    let pair = try CurveKeyPair.generate()
    let again = try CurveKeyPair(secretText: pair.secretText)
    #expect(again.publicKey == pair.publicKey)
    #expect(CurvePublicKey(bytes: pair.publicKey.bytes) == pair.publicKey)
    #expect(pair.publicKey.bytes.count == 32)
    #expect(try CurveKeyPair.generate().publicKey != pair.publicKey)
  }

  @Test func theSecretHalfIsNeverShown() throws {
    let pair = try CurveKeyPair.generate()
    var dumped = ""
    dump(pair, to: &dumped)
    for text in ["\(pair)", String(reflecting: pair), dumped, "\([pair])", "\(["key": pair])"] {
      #expect(!text.contains(pair.secretText))
      #expect(text.contains(pair.publicKey.text))
    }
    let broken = "x" + pair.secretText
    let error = #expect(throws: MessagingError.self) { try CurveKeyPair(secretText: broken) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(pair.secretText) == false)
  }

  @Test func textsThatAreNoKeysAreRefused() {
    for text in ["", "abc", String(repeating: "#", count: 40), String(repeating: "0", count: 41), "\u{0}"] {
      #expect(CurvePublicKey(text) == nil)
    }
    #expect(CurvePublicKey(bytes: [1, 2, 3]) == nil)
  }

  @Test func userIDsNameKeyAndAdmission() throws {
    let key = try CurveKeyPair.generate().publicKey
    for admission in Admission.allCases {
      let parsed = UserID.parse(UserID.text(key, admission))
      #expect(parsed?.key == key)
      #expect(parsed?.admission == admission)
    }
    for text in ["", ":", "agent:", "root:\(key)", "agent\(key)", "agent:\(key)x"] {
      #expect(UserID.parse(text) == nil)
    }
  }
}
