import Testing

/// Runs over hosts in namespaces of their own, one after the other: each has a farm of its own.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FarmRuns {}
