import ArgumentParser
import CoordinatorService
import Wire

@main
struct PashaCoord: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pasha-coord",
    abstract: "Tunes hyperparameters with PASHA on a lab's own machines.",
    discussion: """
      `pasha-coord cluster.yml` starts a run and shows it until it ends; Ctrl-C pauses it, `resume` goes on. The other \
      commands look at a run or steer it: RUN is its name, a unique prefix of it, or its folder; without RUN it is the \
      run begun last. Runs are kept in $PASHA_STATE/runs, by default ~/.local/state/pasha/runs.
      """,
    version: PashaVersion.current,
    subcommands: [
      Run.self, Check.self, Doctor.self, Resume.self, Attach.self, List.self, Status.self, Trials.self, Show.self,
      Best.self,
      Compare.self, Page.self, Explain.self, Logs.self,
      Pause.self, Stop.self, Enqueue.self, Extend.self, Invite.self, Hosts.self, Reload.self, Simulate.self, Plan.self,
      Benchmark.self, Clean.self,
    ],
    defaultSubcommand: Run.self)
}
