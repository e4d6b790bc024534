// # Tunnel
//
// Carries the agent's connections to its coordinator through one SSH connection, for coordinators that hosts cannot
// reach (a laptop behind NAT). Nothing here knows SSH or ZeroMQ: both ends copy bytes.
//
//     agent --Unix sockets--> relay ==input and output of one command== tunnel end --TCP on loopback--> coordinator
//
// ## Words
// - The *relay* runs on the host as `pasha-agent relay`. It listens on two Unix sockets in a folder of its own, `c` for
//   the control channel and `b` for the bulk channel.
// - The *tunnel end* runs on the coordinator's machine within `pasha-launch tunnel`.
// - The *wire* is what lies between: the standard input and output of the relay.
// - A *stream* is one connection of an agent, carried in frames; see `Frame.swift` for the format.
//
// ## What holds
// - Each end always reads the wire. What a stream may send is bounded by credit, so that no reader, however slow, stops
//   another stream, and no peer can make this end keep more than a window for each of a bounded number of streams.
// - Control goes before bulk, a stream's turn is one frame, and a frame has at most 64 KiB.
// - Whatever comes over the wire, an end goes on or ends the tunnel with an error. It never traps.
// - A wire that is silent for 30 s is dead, at both ends: pings go every 5 s in both directions.
// - One relay serves a folder at a time. A newer one takes the place of one that hears nothing any more.
// - Both ends may see the bytes but cannot read or change them unnoticed: the channels are encrypted end to end (CURVE).
