/// # Messages between the coordinator and its agents
///
/// ZeroMQ (libzmq 4.3) over TCP with CURVE. The sockets here are plain objects for loops on plain threads: nothing
/// blocks but `Poller.wait`, nothing is asynchronous, and one socket belongs to one thread at a time.
///
/// ## Words
/// - **control**, **bulk**: the two channels between an agent and the coordinator, each a ROUTER socket with a port of
///   its own at the coordinator (`Listener`) and a DEALER socket at the agent (`AgentConnection`).
/// - **key**: a CURVE public key. It is who somebody is; nothing that a message says about its sender is believed.
/// - **route**: the name that the ROUTER gave to one TCP connection. An agent that connects again has another route and
///   the same key.
/// - **peer**: a route with the key that was proved on it.
/// - **admission**: what a key may be: an *agent*, or a *join* key from a one-time token, good for asking to join alone.
///
/// ## What holds
/// - Only admitted keys get a connection, on both channels. The list is asked in the handshake (ZAP), by a thread that
///   is bound before the sockets are; without its answer nobody comes in. libzmq lets everyone in where no handler is
///   bound, also with a ZAP domain, unless the domain is enforced: it is, and `Listener.proveRefusal` tries it.
/// - A key taken off the list is cut off at once: ZeroMQ cannot end one connection, so its messages are dropped.
/// - A message is one frame. Other frames of a message are thrown away, a bounded number at a time, counted, and told
///   to the owner as a violation of the peer. (Size and number limits of libzmq hold for frames and for whole messages;
///   nothing there bounds a message of many frames.)
/// - Sending never blocks and never drops silently: `.unreachable` and `.full` are results. What was `.sent` may still be
///   lost with the connection, so the layer above acknowledges and repeats.
/// - Peers choose no routes, and no second connection takes over a route.
/// - A secret key is never part of a description or an error.
public enum Messaging {}
