// # Devices
//
// The GPUs of a host: which there are, who uses them, how they become slots, and the locks that keep two runs off one
// card.
//
// ## Words
// - **GPU**: a card, or, where a card is partitioned (MIG), one instance of it. It is known by its UUID; indexes are for
//   people and change when a card dies.
// - **inventory**: what the vendors' tools tell of one moment. A tool that is missing means no GPUs; one that fails is
//   told in a note; a card that does not answer is there and faulty.
// - **slot plan**: what each slot of an agent holds. It is made once, when the agent starts.
// - **share**: the number of a slot among those that share one GPU (`trials_per_gpu`).
//
// ## What holds
// - Tools run under a time limit: `nvidia-smi` hangs when its driver is sick. Nothing they print traps.
// - Exclusive use of a GPU holds `DEVICE.lock` exclusively. Shared use holds `DEVICE.lock` with others and
//   `DEVICE.K.lock` exclusively: exclusive and sharing runs never meet, and sharing runs divide the shares. That holds
//   for all runs and users of the host that agree on the folder of the locks.
// - What is in use by others is never touched, only told.
