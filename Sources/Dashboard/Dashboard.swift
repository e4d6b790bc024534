/// The page of a run and its API over HTTP, from the run's journal.
///
/// A process of its own serves it (`pasha-page`): it reads the journal as anybody may and asks the coordinator through its
/// control socket, so that whatever comes from a browser never reaches the process that decides
/// (`Docs/decisions/0020-a-process-for-the-page.md`). `Docs/api.yml` describes every answer.
///
/// Words: the *archive* holds the run's `Chronicle`; the *follower* feeds it from the journal; an *answer* is one response;
/// the *hub* tells open streams that something is new.
///
/// Invariants: nothing is written but the run's two files of the page; no request waits for the journal's writer; work of
/// more than a moment is done on threads of `WorkerPool`, each with a bound on what waits; what a request can ask for is
/// bounded before anything is done for it.
public enum Dashboard {}
