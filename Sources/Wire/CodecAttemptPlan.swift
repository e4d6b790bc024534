import TuningModel

extension AttemptPlan: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoAttemptPlan.with {
      $0.run = run
      $0.attempt = attempt.message
      $0.slot = UInt32(clamping: slot)
      $0.arguments = arguments
      $0.environment = environment.map(\.message)
      $0.workFolder = workFolder
      $0.checkpointFolder = checkpointFolder
      $0.sealFolder = sealFolder
      if let resumeFrom { $0.resumeFrom = UInt32(clamping: resumeFrom) }
      $0.milestone = UInt32(clamping: milestone)
      $0.isLastMilestone = isLastMilestone
      $0.holdsAtMilestone = holdsAtMilestone
      $0.resourceAttribute = resourceAttribute
      $0.metric = metric
      $0.settleNs = settle.wholeNanoseconds
      $0.holdLimitNs = holdLimit.wholeNanoseconds
      $0.graceNs = grace.wholeNanoseconds
      $0.keptGenerations = UInt32(clamping: keptGenerations)
      $0.leaseNs = lease.nanoseconds
      $0.lockFiles = lockFiles
      $0.sandbox = sandbox.message
      if let quota { $0.quota = UInt64(clamping: quota) }
      $0.lastGeneration = UInt32(clamping: lastGeneration)
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoAttemptPlan(wireBytes: bytes, limit: WireLimits.planBytes)
    self.init(
      run: try Check.folderName(message.run, "plan.run"),
      attempt: try TrialAttempt(message.attempt),
      slot: try Check.count(message.slot, "plan.slot"),
      arguments: try Check.command(message.arguments, "plan.arguments"),
      environment: try EnvironmentEntry.list(message.environment),
      workFolder: try Check.absolutePath(message.workFolder, "plan.work_folder"),
      checkpointFolder: try Check.absolutePath(message.checkpointFolder, "plan.checkpoint_folder"),
      sealFolder: try Check.absolutePath(message.sealFolder, "plan.seal_folder"),
      resumeFrom: message.hasResumeFrom ? try Check.positive(message.resumeFrom, "plan.resume_from") : nil,
      milestone: try Check.positive(message.milestone, "plan.milestone"),
      isLastMilestone: message.isLastMilestone,
      holdsAtMilestone: message.holdsAtMilestone,
      resourceAttribute: try Check.key(message.resourceAttribute, "plan.resource_attribute"),
      metric: try Check.key(message.metric, "plan.metric"),
      settle: try Check.duration(nanoseconds: message.settleNs, "plan.settle"),
      holdLimit: try Check.duration(nanoseconds: message.holdLimitNs, "plan.hold_limit"),
      grace: try Check.duration(nanoseconds: message.graceNs, "plan.grace"),
      keptGenerations: try Check.number(
        message.keptGenerations, in: 1...WireLimits.maximumGenerations, "plan.kept_generations"),
      lease: Instant(nanoseconds: message.leaseNs),
      lockFiles: try Check.list(
        message.lockFiles, atMost: WireLimits.maximumLockFiles, "plan.lock_files"
      ) { (word) throws(WireError) in
        _ = try Check.absolutePath(LockWord(word).path, "plan.lock_files")
        return word
      },
      sandbox: try SandboxPlan(message.sandbox),
      quota: message.hasQuota ? try Check.offset(message.quota, "plan.quota") : nil,
      lastGeneration: try Check.count(message.lastGeneration, "plan.last_generation"))
  }
}
