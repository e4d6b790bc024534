// # SecureShell
//
// Commands on other hosts over SSH, for the one process that looks after one host.
//
// ## Words
// - *Login*: what the cluster file says of a host; all else comes from the user's SSH configuration through `ssh -G`.
// - *Hop*: one SSH connection of a chain; each but the last carries the next in a channel (ProxyJump).
// - *Pump*: the thread that owns a connection once it stands, and copies between channels and pipes.
//
// ## What holds
// - No byte of authentication is sent before the host's key was found in a known_hosts file.
// - Every step has a limit on the wall clock, and ending a connection waits for nobody.
// - Per channel, a window (1 MiB), buffers (0.5 MiB) and pipes are held at most; who does not read slows the remote
//   command down.
// - Nothing that a host sends traps; lengths are checked before they are used.
// - Exec channels, and direct-tcpip for jumps: no SFTP, no forwarding, no terminals.
//
// ## libssh2 1.10, and what is done about it
// - It has no rsa-sha2: RSA keys sign through a callback under a relabelled key (`KeyAttempt`). RSA host keys: never.
// - A packet that is sent in part blocks all others unless it is repeated from the same address, and some of its own
//   calls cannot. So it sends into a buffer of ours that takes everything (`Transport`), and never sees a full socket.
// - It reads a socket for as long as there is something. What it is given at a time is rationed (`Transport`).
// - While it waits to widen a window, readings of other sizes make it lose data: all have one (`PumpedChannel`).
// - Answers to two requests at a time are mixed up: requests wait for each other (`Pump`).
// - Its reader of known_hosts knows neither @revoked nor wildcards and stops at a line that it does not know: ours does
//   (`KnownHosts`). The kind of key that is known is asked for first, or a known host would look like an impostor.
// - It keeps the answers to keepalive requests for ever: we ask through a channel instead (`Pump`).
// - After a broken packet it may free twice: such a session is left alone (`SSHSession`).
