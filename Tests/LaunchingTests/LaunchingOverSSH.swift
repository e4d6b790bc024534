import Testing

/// Everything that starts processes, one test after the other: tests that block must not take all threads that there are.
@Suite(.serialized) enum LaunchingOverSSH {}
