/// Spellings of other tuners and launchers for hosts and where they stand.
extension ForeignKeys {
  /// What a key means within an element of `cluster.hosts`; paths are those of the element.
  static func hostEntry(for key: String) -> Entry? { hostTable[KeyHints.folded(key)] }

  /// What a key of another tuner means in one of our sections, where that is more than it means anywhere.
  static func entry(for key: String, in section: String) -> Entry? {
    switch section {
    case "cluster":
      return clusterTable[KeyHints.folded(key)]
        ?? hostEntry(for: key).map { entry in
          let place = entry.path.map { "write \($0) for each host, as in hosts: [{host: gpu1, \($0): …}]" }
          return Entry(owner: entry.owner, path: nil, advice: place ?? entry.advice)
        }
    case "checkpoints": return checkpointTable[KeyHints.folded(key)]
    default: return nil
    }
  }

  private static let passwords =
    "passwords are not supported: use a key, and ssh-copy-id HOST to bring it there"
  private static let passphrases =
    "it is asked for when it is needed, once; ssh-add gives the key to the SSH agent for good"
  private static let jumps =
    "write ProxyJump into the SSH configuration (~/.ssh/config, or the file that cluster.ssh_config names) and give the "
    + "alias as host"
  private static let python =
    "write the path of the interpreter in experiment.entry_point, or make an environment in experiment.setup"

  private static let hostTable: [String: Entry] = [
    "ip": ours("NNI", "host"), "address": ours("Ray", "host"), "ipaddress": ours("Ray", "host"),
    "hostname": ours("OpenSSH", "host"), "node": ours("Slurm", "host"), "machine": ours("NNI", "host"),
    "username": ours("NNI", "user"), "sshuser": ours("Ray", "user"), "login": ours("GNU parallel", "user"),
    "sshport": ours("Ray", "port"), "password": none("NNI", passwords), "passwd": none("NNI", passwords),
    "sshpassword": none("dask", passwords), "passphrase": none("NNI", passphrases),
    "sshpassphrase": none("NNI", passphrases), "sshkeyfile": ours("NNI", "identity_file"),
    "sshkeypath": ours("NNI", "identity_file"), "privatekeyfile": ours("NNI", "identity_file"),
    "privatekey": ours("NNI", "identity_file"), "sshprivatekey": ours("Ray", "identity_file"),
    "keyfile": ours("dask", "identity_file"), "keyfilename": ours("dask", "identity_file"),
    "clientkeys": ours("dask", "identity_file"), "gpuindices": ours("NNI", "gpus", ": [0, 1]"),
    "visiblegpus": ours("Determined", "gpus", ": [0, 1]"), "devices": ours("others", "gpus", ": [0, 1]"),
    "useactivegpu": ours("NNI", "gpus", ": all for true, idle for false"),
    "numgpus": none("Ray", "write gpus: [0, 1] to use some of them; all are used without it"),
    "trialconcurrency": ours("NNI", "slots"), "nworkers": ours("dask", "slots"), "nprocs": ours("dask", "slots"),
    "nthreads": ours("dask", "slots"), "numcpus": ours("Ray", "slots"), "cpus": ours("others", "slots"),
    "cores": ours("others", "slots"),
    "slotspertrial": none("Determined", "write cluster.gpus_per_trial, for all hosts"),
    "maxtrialnumberpergpu": none("NNI", "write cluster.trials_per_gpu, for all hosts"),
    "proxyjump": none("OpenSSH", jumps), "proxycommand": none("OpenSSH", jumps + ", with cluster.ssh_client: openssh"),
    "jumphost": none("others", jumps), "bastion": none("others", jumps), "gateway": none("others", jumps),
    "pythonpath": none("NNI", python), "remotepython": none("dask", python),
    "localdirectory": ours("dask", "work_dir"),
    "trialcodedirectory": none("NNI", "write experiment.code, for all hosts"),
  ]

  private static let clusterTable: [String: Entry] = [
    "machinelist": hosts("NNI"), "nodes": hosts("others"), "machines": hosts("others"), "workers": hosts("dask"),
    "workerips": hosts("Ray"), "provider": hosts("Ray"), "hostlist": hosts("others"), "inventory": hosts("Ansible"),
    "hostfile": none("dask", "list the hosts in cluster.hosts: [gpu1, gpu2]"),
    "headip": none("Ray", "the machine that runs pasha-coord coordinates; remove it"),
    "maxworkers": ours("Ray", "cluster.n_workers"), "minworkers": none("Ray", "hosts may come and go; remove it"),
    "nnimanagerip": ours("NNI", "cluster.advertise"), "masterhost": ours("Determined", "cluster.advertise"),
    "coordinator": ours("others", "cluster.advertise"), "knownhosts": ours("dask", "cluster.host_keys", ": accept-new"),
    "stricthostkeychecking": ours("OpenSSH", "cluster.host_keys", ": strict or accept-new"),
    "slottype": ours("Determined", "cluster.gpus", ": none for CPU slots"),
    "gpuindices": ours("NNI", "cluster.gpus", ": [0, 1], or gpus of each host"),
    "useactivegpu": ours("NNI", "cluster.gpus", ": all for true, idle for false"),
    "trialconcurrency": ours("NNI", "cluster.n_workers"), "nworkers": ours("dask", "cluster.n_workers"),
    "slotspertrial": ours("Determined", "cluster.gpus_per_trial"), "localdirectory": ours("dask", "cluster.work_dir"),
    "maxtrialnumberpergpu": ours("NNI", "cluster.trials_per_gpu"), "reversetunnel": ours("others", "cluster.connect"),
  ]

  private static let checkpointTable: [String: Entry] = [
    "type": ours("Determined", "checkpoints.store", ": host, shared, coordinator or command"),
    "hostpath": ours("Determined", "checkpoints.path", ", with store: shared"),
    "storagepath": ours("Determined", "checkpoints.path", ", with store: shared"),
    "containerpath": none("Determined", "trials run without containers; remove it"),
    "bucket": none("Determined", "write store: command, with put and get that call the tool of the bucket"),
    "savetrialbest": none("Determined", "the newest checkpoint of a trial is kept; remove it"),
    "savetriallatest": none("Determined", "the newest checkpoint of a trial is kept; remove it"),
    "numtokeep": ours("Ray Tune", "checkpoints.keep_best"), "maxsize": ours("others", "checkpoints.quota"),
    "limit": ours("others", "checkpoints.quota"), "upload": ours("others", "checkpoints.put"),
    "download": ours("others", "checkpoints.get"), "remove": ours("others", "checkpoints.delete"),
  ]

  private static func hosts(_ owner: String) -> Entry {
    ours(owner, "cluster.hosts", ": [{host: …, user: …, port: …, identity_file: …}]")
  }
}
