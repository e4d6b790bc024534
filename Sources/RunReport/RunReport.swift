import Chronicle
import Coordination
import Presentation
import Simulation
import TuningModel

/// The story of a run, told once: as a page that needs nothing beside itself, or as Markdown.
///
/// Words: a *document* is a list of sections, each a list of blocks (paragraphs, tables, plots); the *story* makes the
/// document of a run's history, and the *pages* write it as HTML or as Markdown. So both say the same.
///
/// Invariants: what comes out follows from what goes in, byte for byte; whatever a run holds (names, values, what scripts
/// printed) is text in it and never markup; its size is bounded however large the run is, and it says what it leaves out.
/// No number stands there that is neither measured nor called an assumption.
public struct RunReport: Sendable {
  var chronicle: Chronicle
  let savings: Savings?
  let importance: Importance
  let options: Options

  public struct Options: Sendable {
    /// The run's folder.
    public var folder: String
    /// Whether a coordinator runs the run.
    public var isRunning: Bool
    /// When the report is made.
    public var now: Timestamp

    public init(folder: String, isRunning: Bool, now: Timestamp) {
      self.folder = folder
      self.isRunning = isRunning
      self.now = now
    }
  }

  /// - Parameter savings: what other ways would have taken; nil: it is not known.
  public init(chronicle: Chronicle, savings: Savings?, importance: Importance, options: Options) {
    self.chronicle = chronicle
    self.savings = savings
    self.importance = importance
    self.options = options
  }

  /// One HTML file.
  public func html() -> String { HTMLPage(document: document()).text }

  /// The same story as Markdown, without the plots.
  public func markdown() -> String { MarkdownPage(document: document()).text }

  func document() -> ReportDocument {
    var story = Story(report: self)
    return story.document()
  }
}
