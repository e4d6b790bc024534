import ClusterFile
import Coordination
import Foundation
import Testing

struct HostsTests {
  private func cluster(_ text: String) throws -> ClusterOptions {
    try Fixture.decode(Fixture.file(rest: "cluster:\n  " + text)).specification.cluster
  }

  /// The mistakes behind the place, which is line 10 or below.
  private func mistakes(_ text: String) -> [String] {
    Fixture.mistakes(Fixture.file(rest: "cluster:\n  " + text)).map {
      $0.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
    }
  }

  private func names(_ host: String) -> [String]? {
    try? ClusterFile.hosts(fromArgument: host, baseDirectory: "/base", checksFiles: false).map(\.name)
  }

  private func reason(_ host: String) -> String {
    do {
      return try "\(ClusterFile.hosts(fromArgument: host, baseDirectory: "/base", checksFiles: false))"
    } catch {
      return error.problems.map(\.message).joined(separator: "\n")
    }
  }

  @Test("a list of hosts stands for a cluster")
  func bareList() throws {
    let expected = [HostOptions(name: "gpu1", host: "gpu1"), HostOptions(name: "gpu2", host: "gpu2", user: "bob")]
    for text in ["cluster: [gpu1, bob@gpu2]", "cluster: {hosts: [gpu1, bob@gpu2]}", "cluster:\n- gpu1\n- bob@gpu2"] {
      let file = try Fixture.decode(Fixture.file(rest: text))
      #expect(file.specification.cluster == ClusterOptions(hosts: expected))
      #expect(file.warnings.isEmpty)
    }
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster: gpu1")) == [
        "cluster.yml:9:10: cluster must be local, a list of hosts such as [gpu1, gpu2], or a map such as "
          + "{hosts: [gpu1, gpu2]}, not gpu1; for the host of this name write [gpu1]"
      ])
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster: []")) == [
        "cluster.yml:9:10: cluster must hold at least one host; write cluster: local for this machine"
      ])
    #expect(mistakes("hosts: {gpu1: {slots: 2}}") == ["cluster.hosts must be a list such as [gpu1, gpu2], not a map"])
  }

  @Test("the example with hosts can be read, without a warning")
  func farm() throws {
    let file = try Fixture.decode(Fixture.farm)
    #expect(file.warnings.isEmpty)
    #expect(file.specification.cluster.hosts.count == 20)
    #expect(file.specification.cluster.hosts[2].host == "fe80::1%eth0")
  }

  @Test("a host is written as ssh takes it")
  func texts() throws {
    func parts(_ host: String) throws -> [String?] {
      let read = try #require(
        try ClusterFile.hosts(fromArgument: host, baseDirectory: "/base", checksFiles: false).first)
      return [read.name, read.host, read.user, read.port.map(String.init)]
    }
    #expect(try parts("gpu1") == ["gpu1", "gpu1", nil, nil])
    #expect(try parts("bob@gpu1") == ["gpu1", "gpu1", "bob", nil])
    #expect(try parts("gpu1:22") == ["gpu1", "gpu1", nil, "22"])
    #expect(try parts("b.o+b@corp@gpu1.lab:65535") == ["gpu1.lab", "gpu1.lab", "b.o+b@corp", "65535"])
    #expect(try parts(#"CORP\bob@10.0.0.1"#) == ["10.0.0.1", "10.0.0.1", #"CORP\bob"#, nil])
    #expect(try parts("[fe80::1%eth0]:2222") == ["fe80::1%eth0", "fe80::1%eth0", nil, "2222"])
    #expect(try parts("bob@[::1]") == ["::1", "::1", "bob", nil])
    #expect(try parts("::1") == ["::1", "::1", nil, nil])
    #expect(try parts("local") == ["local", "local", nil, nil])
    #expect(try parts("{host: 'gpu1:22', user: bob, name: a}") == ["a", "gpu1", "bob", "22"])
  }

  @Test("a host that cannot be one is told with the way out")
  func wrongTexts() {
    #expect(reason("gpu1:0") == "host must have a port of 1…65535, not '0'")
    #expect(reason("gpu1:70000") == "host must have a port of 1…65535, not '70000'")
    #expect(reason("gpu1:ssh") == "host must have a port of 1…65535, not 'ssh'")
    #expect(reason("gpu1:").contains("port of 1…65535"))
    #expect(reason("a:1:2").contains("[fe80::1]:22"))
    #expect(reason("[fe80::zz]:1") == "host must have an IPv6 address within its brackets")
    #expect(reason("[::1]x").contains("only a port behind its address"))
    #expect(reason("") == "host must name a host, as in bob@gpu1:22")
    #expect(reason("bob@") == "host must name a host, as in bob@gpu1:22")
    #expect(reason("@gpu1").contains("must have a user that"))
    #expect(reason("ssh://bob@gpu1") == "host must be written without ssh://, as in bob@gpu1:22")
    #expect(
      reason("gpu1 slots=4") == "host must be one host; more about it is written as in {host: gpu1, slots: 2}")
    for wrong in ["-oProxyCommand=x", "a;b", "$(x)", "a/b", "größe", "a,b", "a*", "'a'", "\u{7}"] {
      #expect(reason(wrong).contains("must be a name of letters (a-z)"), "\(wrong)")
    }
    for wrong in ["-x@a", "a b@c", "a;b@c", "$(x)@c"] { #expect(names(wrong) == nil, "\(wrong)") }
    #expect(reason("bob@local").contains("must be local alone"))
    #expect(reason(String(repeating: "a", count: 254)).contains("at most 253"))
  }

  @Test("ranges are written out, with their zeros")
  func ranges() {
    #expect(names("box[8-11]") == ["box8", "box9", "box10", "box11"])
    #expect(names("box[08-11]") == ["box08", "box09", "box10", "box11"])
    #expect(names("box[099-101]") == ["box099", "box100", "box101"])
    #expect(names("box[98-101]") == ["box98", "box99", "box100", "box101"])
    #expect(names("gpu[1,3,05-06].lab:22") == ["gpu1.lab", "gpu3.lab", "gpu05.lab", "gpu06.lab"])
    #expect(names("r[1-2]n[1-2]") == ["r1n1", "r1n2", "r2n1", "r2n2"])
    #expect(names("[1-2]a") == ["1a", "2a"])
    #expect(names("x[000000001]") == ["x000000001"])
    #expect(names("{host: 'box[1-3]', name: 'b[07-09]'}") == ["b07", "b08", "b09"])
    #expect(names("n[1-1000]")?.count == 1000)
    #expect(names("n[0-9][0-9][0-9]")?.count == 1000)
    #expect(reason(String(repeating: "[1]", count: 171)) == "host must be at most 512 letters long")
  }

  @Test("a range that cannot be one is told")
  func wrongRanges() {
    #expect(reason("box[16-1]") == "host must count up within its brackets; write 1-16")
    #expect(reason("box[1-3") == "host must close each bracket, and a [ is left open")
    #expect(reason("box1]") == "host must open each bracket, and a ] closes none")
    #expect(reason("box[]") == "host must have numbers within its brackets, as in box[01-16]")
    for wrong in ["box[a-c]", "box[1-]", "box[1,]", "box[-3]", "box[1-2-3]", "box[ 1]", "box[1..3]", "x[1000000000]"] {
      #expect(reason(wrong).contains("must"), "\(wrong)")
      #expect(names(wrong) == nil, "\(wrong)")
    }
    let tooMany = "host stands for more hosts than a cluster may have here, which is 1000"
    for wrong in ["n[1-1001]", "n[0-999999999]", "n[0-9][0-9][0-9][0-9]", "n[1-600,1-600]"] {
      #expect(reason(wrong) == tooMany, "\(wrong)")
    }
    #expect(reason("x[1,1]") == "host gives the host x1 a second time; a range must not hold a number twice")
    #expect(
      reason("{host: 'box[1-3]', name: b}")
        == "host.name must stand for as many names as host does, which is 3, not 1; give it a range too")
  }

  @Test("a cluster has a thousand hosts at most, whichever element they come from")
  func manyHosts() throws {
    #expect(try cluster("hosts: ['a[1-500]', 'b[1-500]']").hosts.count == 1000)
    #expect(
      mistakes("hosts: ['a[1-500]', 'b[1-501]']") == [
        "cluster.hosts[1] stands for more hosts than a cluster may have here, which is 500"
      ])
    #expect(
      mistakes("hosts: ['a[1-1000]', b]") == [
        "cluster.hosts[1] is one host too many: a cluster has at most 1000"
      ])
  }

  @Test("a host comes once, unless it has another name")
  func twice() throws {
    let text = "hosts:\n    - gpu1\n    - gpu2\n    - {host: 'gpu[1-3]', slots: 2}"
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster:\n  " + text)) == [
        "cluster.yml:13:7: cluster.hosts[2] gives the host gpu1 a second time, which is cluster.hosts[0] in line 11 "
          + "already; remove one, or give one a name of its own, as in {host: gpu1, name: gpu1-b}"
      ])
    #expect(mistakes("hosts: [127.0.0.1:2201, 127.0.0.1:2202]").count == 1)
    let named = try cluster("hosts: [127.0.0.1:2201, {host: 127.0.0.1:2202, name: other}]")
    #expect(named.hosts.map(\.name) == ["127.0.0.1", "other"])
    #expect(mistakes("hosts: [a, {host: b, name: a}]").count == 1)
    #expect(
      mistakes("hosts: [{host: b, name: local}]") == [
        "cluster.hosts[0].name must be another name than local, which is this machine"
      ])
  }

  @Test("this machine is a host without SSH")
  func local() throws {
    #expect(try cluster("hosts: [local, gpu1]").hosts.map(\.host) == ["local", "gpu1"])
    #expect(try cluster("hosts: [{host: local, slots: 2, name: desk}]").hosts.map(\.name) == ["desk"])
    #expect(
      mistakes("hosts: [{host: local, user: bob, connect: tunnel}]").map { $0.split(separator: " ")[0] } == [
        "cluster.hosts[0].user", "cluster.hosts[0].connect",
      ])
  }

  @Test("cluster.slots is the default of each host, and of this machine where there are none")
  func slots() throws {
    let hosts = try cluster("{slots: 4, hosts: [a, {host: b, slots: 2}]}")
    #expect(hosts.hosts.map(\.slots) == [4, 2])
    #expect(hosts.localSlots == 4)
    #expect(try cluster("{slots: 4}").localSlots == 4)
    #expect(
      Fixture.warnings(Fixture.file(rest: "cluster: {slots: 4, hosts: [a, {host: b, slots: 2}], n_workers: 7}")) == [
        "cluster.yml:9:65: cluster.n_workers is 7, more than the 6 slots: 6 trials run at once"
      ])
    #expect(Fixture.warnings(Fixture.file(rest: "cluster: {hosts: [a], n_workers: 7}")) == [])
  }

  @Test("elements of hosts that are wrong are told each at its place")
  func wrongElements() {
    #expect(
      mistakes(
        """
        hosts:
            - ~
            - [gpu, 1-3]
            - {user: bob}
            - {host: gpu4, port: 0, slots: 0, colour: red}
            - {host: bob@gpu5:22, user: ann, port: 23}
            - gpu6: {slots: 2}
            - {host: gpu7, slots: 2, gpus: [0, x]}
            - {host: gpu8, gpus_per_trial: 2, adress: x, conect: auto}
            - {host: gpu9, connect: ssh, work_dir: scratch, user: -x}
        """) == [
          "cluster.hosts[0] must be a host such as gpu1, bob@gpu1:22 or {host: gpu1, slots: 2}, not nothing",
          "cluster.hosts[1] must be a host such as gpu1, bob@gpu1:22 or {host: gpu1, slots: 2}, not a list; put a name "
            + "with a range in quotes, as in \"box[01-16]\"",
          "cluster.hosts[2].host is missing; give a host name, an address or an alias of the SSH configuration",
          "cluster.hosts[3].port must be 1…65535, not 0", "cluster.hosts[3].slots must be 1…4096, not 0",
          "cluster.hosts[3].colour is not a key; the keys here are host, name, user, port, identity_file, slots, gpus, "
            + "work_dir, connect",
          "cluster.hosts[4].user is given by host already; keep one of them",
          "cluster.hosts[4].port is given by host already; keep one of them",
          "cluster.hosts[5].gpu6 is not a key; a host with more to say is written as {host: gpu6, slots: 2}",
          "cluster.hosts[6].gpus[1] must be the index of a GPU, as 0, or its UUID or the beginning of it, as GPU-3f2a or "
            + "MIG-3f2a, not x",
          "cluster.hosts[7].gpus_per_trial is not a key of a host; write cluster.gpus_per_trial, for all hosts",
          "cluster.hosts[7].adress is not a key; the keys here are host, name, user, port, identity_file, slots, gpus, "
            + "work_dir, connect", "cluster.hosts[7].conect is not a key; did you mean connect?",
          "cluster.hosts[8].connect must be auto, direct or tunnel, not ssh",
          "cluster.hosts[8].work_dir must be an absolute path or begin with ~/, the home directory on the host, not "
            + "scratch",
          "cluster.hosts[8].user must be a name that does not begin with '-' or hold white space, ':' or what a shell "
            + "would act on, not '-x'",
        ])
  }

  @Test(
    "other tuners' keys of a host are recognised",
    arguments: [
      ("ip", "write host"), ("hostname", "write host"), ("username", "write user"), ("sshUser", "write user"),
      ("passwd", "passwords are not supported: use a key, and ssh-copy-id HOST"),
      ("password", "passwords are not supported"), ("sshKeyFile", "write identity_file"),
      ("privateKeyFile", "write identity_file"), ("ssh_private_key", "write identity_file"),
      ("IdentityFile", "did you mean identity_file?"), ("sshPassphrase", "ssh-add gives the key to the SSH agent"),
      ("useActiveGpu", "write gpus: all for true, idle for false"), ("gpuIndices", "write gpus: [0, 1]"),
      ("trialConcurrency", "write slots"), ("nthreads", "write slots"), ("num_cpus", "write slots"),
      ("slots_per_trial", "write cluster.gpus_per_trial"), ("maxTrialNumberPerGpu", "write cluster.trials_per_gpu"),
      ("ProxyJump", "write ProxyJump into the SSH configuration"), ("pythonPath", "experiment.entry_point"),
      ("sandbox", "write cluster.sandbox, for all hosts"),
    ])
  func foreign(_ key: String, _ advice: String) {
    let found = mistakes("hosts: [{host: a, \(key): 1}]")
    #expect(found.count == 1 && found[0].contains(advice), "\(found)")
  }

  @Test("a key that another spelling was explained by is not missed as well")
  func advised() { #expect(mistakes("hosts: [{ip: a}]") == ["cluster.hosts[0].ip is not a key (NNI's); write host"]) }

  @Test("keys and the SSH configuration are looked up from the cluster file's folder")
  func files() throws {
    let rest = "; a relative path begins at the cluster file's folder"
    let key = Fixture.folder + "/lab key"
    try Data("x".utf8).write(to: URL(fileURLWithPath: key))
    #expect(try cluster("{ssh_config: lab key, hosts: [a]}").ssh.configurationFile == key)
    #expect(try cluster("hosts: [{host: a, identity_file: ./digits/../lab key}]").hosts[0].identityFile == key)
    #expect(
      mistakes("hosts: [{host: a, identity_file: nowhere}]") == [
        "cluster.hosts[0].identity_file must be a private key that can be read, not nowhere "
          + "(\(Fixture.folder)/nowhere): No such file or directory" + rest
      ])
    #expect(
      mistakes("{ssh_config: digits, hosts: [a]}") == [
        "cluster.ssh_config must be an SSH configuration that can be read, not digits (\(Fixture.folder)/digits): it is "
          + "a folder" + rest
      ])
    #expect(
      mistakes("hosts: [{host: a, identity_file: id.pub}]") == [
        "cluster.hosts[0].identity_file must be the private key, whose name has no .pub, not id.pub"
      ])
    let home = try ClusterFile.hosts(
      fromArgument: "{host: a, identity_file: ~/.ssh/none-such}", baseDirectory: "/base", checksFiles: false)
    #expect(home[0].identityFile == NSHomeDirectory() + "/.ssh/none-such")
  }
}
