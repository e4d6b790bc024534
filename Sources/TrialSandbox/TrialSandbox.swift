// # TrialSandbox
//
// What stands between an agent and the trials of its host: the supervisor, one process for each trial, and the agent's
// means to start one, to find one again, and to clean up after one that was killed.
//
// ## Words
// - **plan**: the file that says all about an attempt. Whoever holds its lock is the attempt's supervisor; there is one.
// - **held**: stopped at its milestone, by SIGSTOP or inside `report()`, until the coordinator has decided.
// - **seal**: a generation of the checkpoint that is listed, hashed, on the disk, and never written again.
// - **exit file**: how the attempt ended. Once it stands there, no process of the attempt is left, and no supervisor
//   starts it again.
//
// ## What holds, whatever dies and when
// - A trial's process never outlives its supervisor: the kernel kills it then. What it started may, until `LeftOver` ends
//   it, and that is before the slot is used again.
// - A trial never outlives its lease: the supervisor holds the deadline, on a clock that counts sleep.
// - A slot's lock is held until no process of the trial is left.
// - The agent's death changes nothing for a trial.
// - Nothing that a trial prints, writes or starts harms the supervisor: its memory is bounded, links are not followed,
//   special files not opened.
// - Where the kernel has Landlock a trial changes files in its own folders, caches and devices alone, and signals nobody
//   outside (`TrialConfinement`, `WritablePlaces`); `Docs/security.md` has the list.
// - A checkpoint folder over its quota ends its trial, and is not sealed (`CheckpointQuota`).
