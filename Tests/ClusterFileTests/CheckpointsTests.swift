import ClusterFile
import Coordination
import Testing

struct CheckpointsTests {
  private func policy(_ text: String) throws -> CheckpointPolicy {
    try Fixture.decode(Fixture.file(rest: "checkpoints: {\(text)}")).specification.checkpoints
  }

  private func mistakes(_ text: String) -> [String] {
    Fixture.mistakes(Fixture.file(rest: "checkpoints: {\(text)}")).map {
      $0.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
    }
  }

  @Test("each store is read with what belongs to it")
  func stores() throws {
    #expect(try policy("store: host").store == .host)
    #expect(try policy("store: coordinator").store == .coordinator)
    #expect(try policy("store: shared, path: /mnt/c").store == .shared(folder: "/mnt/c"))
    #expect(
      try policy("store: command, put: a, get: b").store
        == .command(CheckpointPolicy.StoreCommand(put: "a", get: "b")))
    #expect(
      try policy("store: command, put: a, get: b, delete: c").store
        == .command(CheckpointPolicy.StoreCommand(put: "a", get: "b", delete: "c")))
  }

  @Test("a store without what it needs, or with what belongs to another, is told with the way out")
  func wrongStores() {
    #expect(
      mistakes("store: shared") == [
        "checkpoints.path is missing; give the folder that all hosts mount, as in {store: shared, path: "
          + "/mnt/lab/checkpoints}"
      ])
    let absolute =
      "checkpoints.path must be an absolute path below the root that is the same on all hosts, such as "
      + "/mnt/lab/checkpoints, not "
    for path in ["mnt", "~/c", "/", "//", "/a/../b"] {
      #expect(mistakes("store: shared, path: \(path)") == [absolute + path])
    }
    #expect(mistakes("store: host, path: /x") == ["checkpoints.path is for store: shared; write that, or remove path"])
    #expect(mistakes("path: /x") == ["checkpoints.path is for store: shared; write that, or remove path"])
    #expect(
      mistakes("store: shared, path: /x, get: a") == [
        "checkpoints.get is for store: command; write that, or remove get"
      ])
    #expect(mistakes("put: a, get: b, delete: c").count == 3)
    #expect(
      mistakes("store: command, delete: c").sorted() == [
        #"checkpoints.get is missing; give the command that brings a checkpoint back, as in get: cp -r "#
          + #""$STORE/$PASHA_CHECKPOINT_KEY"/. "$PASHA_CHECKPOINT_DIR""#,
        #"checkpoints.put is missing; give the command that keeps a checkpoint, as in put: cp -r "#
          + #""$PASHA_CHECKPOINT_DIR" "$STORE/$PASHA_CHECKPOINT_KEY""#,
      ])
    let stores = "checkpoints.store must be host, shared, coordinator or command, not "
    #expect(mistakes("store: s3, path: /x") == [stores + "s3; write command, with put and get"])
    #expect(mistakes("store: shared_fs") == [stores + "shared_fs; write shared, with path"])
    #expect(mistakes("store: comand") == [stores + "comand; did you mean command?"])
  }

  @Test("sizes are read in their units")
  func sizes() throws {
    let expected: [(String, Int)] = [
      ("500MB", 500_000_000), ("20GiB", 20 << 30), ("'1.5 GB'", 1_500_000_000), ("2kB", 2000), ("2KiB", 2048),
      ("1TB", 1_000_000_000_000), ("1tib", 1 << 40), ("4096", 4096), ("1e6", 1_000_000), ("1_000_000", 1_000_000),
      ("'5000'", 5000), ("5000B", 5000), ("0.5GiB", 1 << 29),
    ]
    for (written, bytes) in expected { #expect(try policy("quota: \(written)").quota == bytes, "\(written)") }
    let size = "checkpoints.quota must be a size such as 500MB or 20GiB, not "
    #expect(mistakes("quota: 20G") == [size + "20G; write 20GB for powers of 1000, 20GiB for powers of 1024"])
    for written in ["big", "GB", "-1GB", "1.2.3GB", ".5GB", "1 GB 2", "1e400", "9999999TB", "[1]", "true", "5PB"] {
      #expect(mistakes("quota: \(written)").map { $0.hasPrefix(String(size.dropLast(5))) } == [true], "\(written)")
    }
    #expect(
      mistakes("quota: 20") == [
        "checkpoints.quota must be at least 1kB, not 20; a number without a unit counts bytes; write a unit, as in 20GB"
      ])
    #expect(mistakes("quota: 0") == ["checkpoints.quota must be at least 1kB, not 0"])
    #expect(mistakes("quota: 999B") == ["checkpoints.quota must be at least 1kB, not 999B"])
    #expect(mistakes("quota: -5") == ["checkpoints.quota must be at least 1kB, not -5"])
  }
}
