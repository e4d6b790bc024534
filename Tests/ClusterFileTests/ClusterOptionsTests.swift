import ClusterFile
import Coordination
import Testing

struct ClusterOptionsTests {
  private func cluster(_ text: String) throws -> ClusterOptions {
    try Fixture.decode(Fixture.file(rest: "cluster: {\(text)}")).specification.cluster
  }

  /// What is wrong with one key, behind its path.
  private func mistake(_ text: String) -> String {
    let found = Fixture.mistakes(Fixture.file(rest: "cluster: {\(text)}"))
    #expect(found.count == 1, "\(found)")
    return found[0].split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
  }

  private func warning(_ text: String) -> String {
    let text = Fixture.file(rest: "cluster: {\(text)}")
    #expect(Fixture.mistakes(text) == ["ok"])
    return Fixture.warnings(text).map { $0.split(separator: ": ", maxSplits: 1)[1] }.joined(separator: "\n")
  }

  @Test("GPUs are named by index or UUID")
  func gpus() throws {
    #expect(try cluster("gpus: all").gpus.selection == .all)
    #expect(try cluster("gpus: idle").gpus.selection == .idle)
    #expect(try cluster("gpus: none").gpus.selection == GPUSelection.none)
    #expect(
      try cluster("gpus: [0, '1', GPU-3f2a1b00-77aa, MIG-GPU-3f/1/0, 2:1]").gpus.selection
        == .listed(["0", "1", "GPU-3f2a1b00-77aa", "MIG-GPU-3f/1/0", "2:1"]))
    let expected = "cluster.gpus must be all, idle, none or a list such as [0, 1], not "
    #expect(mistake("gpus: 2") == expected + "2; write [2] for the GPU of this index, all for every one")
    #expect(mistake("gpus: '0,1'") == expected + "'0,1'; write [0,1]")
    #expect(mistake("gpus: GPU-3f") == expected + "GPU-3f; write [GPU-3f]")
    #expect(mistake("gpus: idel") == expected + "idel; did you mean idle?")
    #expect(mistake("gpus: {a: 1}") == expected + "a map")
    #expect(mistake("gpus: []") == "cluster.gpus must name at least one GPU; write none to use none")
    #expect(
      mistake("gpus: [0, 1, 0]") == "cluster.gpus[2] must be there once, not twice: 0 is element 0 already")
    for wrong in ["-1", "4096", "a", "GPU-", "'GPU-;x'", "1.5", "~", "[0]", "true", "'01'", "'1:'", "0:1:2"] {
      #expect(mistake("gpus: [\(wrong)]").contains("cluster.gpus[0] must be the index of a GPU"), "\(wrong)")
    }
  }

  @Test("GPUs become slots in one way or the other")
  func shapes() throws {
    #expect(try cluster("gpus_per_trial: 4").gpus == GPUOptions(perTrial: 4))
    #expect(try cluster("trials_per_gpu: 2, gpus_per_trial: 1").gpus == GPUOptions(trialsPerGPU: 2))
    #expect(mistake("gpus_per_trial: 0") == "cluster.gpus_per_trial must be 1…64, not 0")
    #expect(
      mistake("gpus_per_trial: 2, trials_per_gpu: 3")
        == "cluster.trials_per_gpu is 3, and gpus_per_trial is 2: a GPU is shared only by trials that use one; keep "
        + "one of them above 1")
    #expect(
      mistake("gpus_per_trial: 2, gpus: [0]")
        == "cluster.gpus must name at least as many GPUs as gpus_per_trial, which is 2, not 1")
    #expect(
      mistake("gpus_per_trial: 2, hosts: [{host: a, gpus: [0]}]")
        == "cluster.gpus_per_trial is 2: a gives 1 GPU alone; name more of them in its gpus")
    #expect(warning("gpus: none, gpus_per_trial: 2") == "cluster.gpus_per_trial has no effect with gpus: none")
    #expect(warning("gpus: none, gpus_per_trial: 2, hosts: [{host: a, gpus: all}]") == "")
  }

  @Test("the sandbox is a level, or a map with more")
  func sandbox() throws {
    #expect(try cluster("sandbox: off").sandbox == SandboxOptions(level: .off))
    #expect(try cluster("sandbox: required").sandbox == SandboxOptions(level: .required))
    #expect(
      try cluster("sandbox: {writable: [/data/cache, ~/.cache]}").sandbox
        == SandboxOptions(writable: ["/data/cache", "~/.cache"]))
    #expect(
      try cluster("sandbox: {max_processes: 300}").sandbox == SandboxOptions(mostProcesses: 300))
    #expect(mistake("sandbox: {max_processes: 3}").hasPrefix("cluster.sandbox.max_processes must be "))
    #expect(mistake("sandbox: false") == "cluster.sandbox must be required, default or off, not false; write off")
    #expect(mistake("sandbox: strict").hasSuffix("not strict; write required"))
    #expect(mistake("sandbox: {level: x}") == "cluster.sandbox.level must be required, default or off, not x")
    #expect(mistake("sandbox: {writeable: [/x]}") == "cluster.sandbox.writeable is not a key; did you mean writable?")
    #expect(mistake("sandbox: [/x]").hasSuffix("{level: default, writable: [/data/cache]}, not a list"))
    #expect(
      mistake("sandbox: {writable: [cache]}")
        == "cluster.sandbox.writable[0] must be an absolute path or begin with ~/, the home directory on the host, not "
        + "cache")
    #expect(mistake("sandbox: {writable: [/]}").contains("write sandbox: off"))
    #expect(mistake("sandbox: {writable: [/a/../b]}").contains("must not hold '..'"))
    #expect(mistake("sandbox: {writable: /x}").contains("must be a list such as [/data/cache], not /x"))
    #expect(
      warning("sandbox: {level: off, writable: [/x]}")
        == "cluster.sandbox.writable has no effect with level: off, where trials may write anywhere")
  }

  @Test("the way to hosts is one of a few words")
  func ways() throws {
    #expect(
      mistake("host_keys: no")
        == "cluster.host_keys must be strict or accept-new, not no; keys of hosts are always checked; accept-new keeps "
        + "that of a host seen for the first time")
    #expect(mistake("host_keys: accept_new").hasSuffix("write accept-new"))
    #expect(mistake("ssh_client: ssh").hasSuffix("not ssh; write openssh for the system's ssh"))
    #expect(mistake("connect: tunel").hasSuffix("did you mean tunnel?"))
    let advertised = "cluster.advertise must be the name or address under which hosts reach this machine"
    #expect(
      mistake("advertise: 'login:5555'") == advertised + ", without a port; write login: the port is the run's own")
    #expect(mistake("advertise: bob@login") == advertised + ", such as login.lab or 192.168.1.5, not bob@login")
    #expect(mistake("advertise: '*'").hasPrefix(advertised))
    #expect(try cluster("advertise: '[fe80::1]'").advertise == "fe80::1")
    #expect(mistake("work_dir: scratch").hasPrefix("cluster.work_dir must be an absolute path or begin with ~/"))
    #expect(try cluster("work_dir: ~").workDirectory == nil)
    #expect(try cluster("work_dir: '~'").workDirectory == "~")
  }

  @Test("a loopback address is told where hosts connect directly")
  func listening() {
    let expected =
      "cluster.listen is 127.0.0.1, which other machines cannot reach, and gpu1 has connect: direct; remove listen, "
      + "or write connect: tunnel"
    #expect(warning("listen: 127.0.0.1, connect: direct, hosts: [local, 127.0.0.2, gpu1]") == expected)
    #expect(warning("listen: 127.0.0.1, hosts: [{host: gpu1, connect: direct}]") == expected)
    #expect(warning("listen: 127.0.0.1, hosts: [gpu1]") == "")
    #expect(warning("listen: 127.0.0.1, connect: direct, hosts: [local, 127.0.0.2]") == "")
    #expect(warning("listen: '*', connect: direct, hosts: [gpu1]") == "")
  }
}
