// # Scheduling
//
// Decides which trials go on, and how far. `TrialScheduler` is the module's face; `SchedulerOptions.Name` says which:
//
// - `asha`, promotion or stopping type: asynchronous successive halving (Li et al., "A System for Massively Parallel
//   Hyperparameter Tuning", MLSys 2020). `hyperband` is the same with all brackets.
// - `pasha`: ASHA of the promotion type whose maximum resource grows (Bohdal, Balles, Wistuba, Ermis, Archambeau,
//   Zappella: "PASHA: Efficient HPO and NAS with Progressive Resource Allocation", ICLR 2023), by nine criteria
//   (`RankingOptions`).
// - `cost_promotion`, `rush`: ASHA that shares out costs, and ASHA with thresholds.
// - `median_stopping`, `percentile`, `fifo`: no rungs (`PeerComparison`).
// - `sync_hyperband`, `successive_halving`: rungs that are full before anything goes on (`SynchronousHalving`).
//
// ## Words
//
// - resource: what a trial reports its progress in, as epochs; at `max_t` it is done.
// - rung: the trials that reached a level, best first; equals in the order of entering, a promoted one behind them.
// - milestone: the resource to which a trial's current leg runs; it pauses there and waits in the rung. Where trials are
//   stopped instead, it is `max_t`.
// - promotion: a paused trial goes on to the next level. The best waiting trial of the highest rung in which it is no
//   worse than the cut-off is promoted; the cut-off is the rung's quantile at `level / next level`.
// - stop: a trial that enters a rung and is worse than the cut-off ends for good.
// - bracket: the trials of each leave out one more of the lowest levels. Brackets share their rungs, or each has a rung
//   system of its own.
// - threshold (RUSH): the best value that a given configuration had in a rung when it was looked at; others must reach
//   it.
// - current maximum (PASHA): trials are promoted only from rungs below it. It starts at the second level.
// - top rung (PASHA): the rung of the current maximum. After every report the order of its trials is compared with
//   their order one rung below. The maximum rises by one rung when a trial left its group: the trials in an unbroken
//   row around the one that held its place, with values within epsilon.
// - noisy pair (PASHA): two trials whose order changed and changed back along their curves. Epsilon is the 90th
//   percentile of the noisy pairs' distances, each at the highest resource that both have in the window between the top
//   two rungs. While no pair is noisy, epsilon keeps its value.
//
// ## What holds
//
// - Observing and deciding are apart. `add`, `record`, `retire` and `close` store; `review` and `propose` return
//   decisions as values and change nothing that a decision depends on; `apply` carries decisions out, live and in a
//   replay. A replay never decides: what only decisions read (the trials of the two top rungs, the pairs) is built at
//   the first decision after it.
// - The same observations and decisions in the same order give the same state and the same further decisions, wherever
//   between them a replay began. `reviewAll` after a replay returns a decision whose report was the last thing kept.
// - Everything of a rung system's state follows from its trials' values; no order of a `Dictionary` or `Set` shows.
// - A value that is not finite ranks worst, counts in a rung's size, is never promoted, never enters epsilon; a cut-off
//   that falls on one is the nearest finite value.
// - Nothing that a trial reports ends the process.
// - With `external` nothing is decided here: milestones and stops are those of the decisions applied.
//
// ## Epsilon as a fact
//
// Epsilon changes with nearly every report, and most of its values decide nothing. `review` works with a bound of it
// while that is enough. It returns an epsilon (before the raise, where it differs from the one recorded last) only when
// the maximum rises, because the value of that moment is the one that the next window begins with; every other value
// follows from the reports. `measuredEpsilon(system:)` gives it at any time, bit for bit as the full computation does.
//
// ## What it costs
//
// With m trials that have a value in the window, a report to PASHA touches at most m pairs, two bits of state each; a
// histogram of distances holds the percentile's place. All pairs are gone through after a replay, and where the bound
// of the histogram does not decide and the distances around the percentile must be laid out (they are kept laid out
// from then on). The other criteria look at the two rungs when a trial enters the upper one. Rungs are kept in blocks
// with trees over them: entering, finding the next promotion, a place or what entries cost take O(log n); so do the
// values at a resource, where trials are compared without rungs. A synchronous rung is sorted once.
//
// What has ended keeps its entries, which count in cut-offs, and nothing else: curves go when no window can reach them.
//
// ## Deviations from the papers
//
// - The promotion rule is Syne Tune's quantile with interpolation, not "the top 1/η": it promotes from two entries on.
// - Values at `max_t` are not ranked, so PASHA does not compare them.
//
// - RUSH, cost promotion and median stopping are Syne Tune's, which names the papers they follow.
//
// ## Deviations from Syne Tune 0.13
//
// Its recorded decisions are replayed by `GoldenTests`; the tests of what is otherwise stand behind each line.
//
// - Pairs for epsilon count once, the lower trial id first; there, their order and number hang on Python's hash seed
//   (`tiesInAPairGoByTheLowerID`).
// - Two rungs: the top is the second, as in the code of PASHA's authors (`fork_auto_2rungs`); there, no trial ever passes
//   the first level. One rung: the maximum is `max_t` from the start (`oneRungTrainsToTheMaximum`); there, an IndexError.
// - PASHA whose brackets share their rungs: a trial that skipped the lower rung takes no part in the ranking
//   (`aTrialThatSkippedTheLowerRungIsNotRanked`); there, an IndexError.
// - Resources that a trial did not report take no part in crossings (`resourcesLeftOutTakeNoPartInCrossings`); there, a
//   KeyError.
// - A trial that jumps over milestones enters each rung passed with the value reported, promoted in all but the
//   highest, which may lie above the maximum; at or past `max_t` it is done (`aMilestoneJumpedOverCountsInEachRungPassed`,
//   `aJumpToTheMaximumResourceEndsTheTrial`). There, an AssertionError. Where trials are stopped, it is judged in the
//   highest rung passed (`aJumpIsJudgedInTheHighestRung`); there, it enters none.
// - A resource seen before, or below one seen before, is not ranked (`theSameResourceAgainOrAnEarlierOneIsNotRanked`);
//   there, it overwrites. Below 1 it is rejected (`aResourceBelowOneIsRejectedAndTheTrialGoesOn`); there, the tuner ends.
// - A value that is not finite ranks worst (`whatIsNotFiniteRanksWorstAndIsNeverPromoted`) and stops its trial, once a
//   cut-off is known (`whatIsNotFiniteIsStoppedAndStopsNobodyElse`); there, it is promoted, or the cut-off is NaN for
//   all. It enters no running mean (`whatIsNotFiniteEntersNoMean`).
// - A retired trial keeps its entries and is not promoted (`aTrialThatEndsBeforeItsMilestoneCountsWhereItReported`).
// - A trial that has ended or failed holds up no synchronous rung (`whatFailedOrIsNotFiniteRanksWorstAndHoldsNobodyUp`),
//   and a rung that gets no more trials goes on without them (`withoutFurtherTrialsRungsGoOnWithWhatTheyHave`); there,
//   it waits for ever.
// - Costs are summed block by block, and one by one where the last rounding could matter
//   (`costsAreSummedOneByOneAtTheBorder`). A cost that is negative or not finite counts as 0.
// - The running mean of median stopping is a plain sum; there, numpy's pairwise one from eight values on.
