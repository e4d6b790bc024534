// # HostSystem
//
// Linux for the agent and its supervisors, without Foundation: descriptors, a poll loop, files, processes, sockets.
//
// ## What holds
// - A descriptor is closed once, when its last reference goes, and is closed at exec unless a request hands it on.
// - Nothing blocks but what says so: reads of files on the disk, `sync`, `EventLoop.wait`, `FileLock.acquire`,
//   `ChildProcess.start` (until the program runs).
// - A durable write is whole or not there, also after a power cut; names are durable with it.
// - Nothing follows a symbolic link that a trial may have put there, and nothing opens a FIFO or a device and waits.
// - Deadlines are on CLOCK_BOOTTIME, which counts sleep and is never set.
// - Errors are values with a code; a message names what was tried, on what, and why it failed.
