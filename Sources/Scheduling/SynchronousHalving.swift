import TuningModel

/// Synchronous Hyperband: rungs of a fixed size, each full and reported before its best trials go on to the next (Li et
/// al., "Hyperband", JMLR 2018; sizes, levels and the order in which brackets are filled are Syne Tune's).
///
/// Brackets are filled in the order of their numbers. One whose rung waits for its reports gets nothing; then the next
/// one does, and where none takes anything a new one is begun, of the next kind. So no slot waits.
struct SynchronousHalving: Sendable {
  /// A rung as it is planned.
  struct Plan: Equatable, Sendable {
    var size: Int
    var level: Int
  }

  struct Member: Sendable {
    let trial: TrialID
    let bracket: Int
    var milestone: Int
    var resource = 0
    /// What it reported at its milestone last.
    var value = Double.nan
    var isRetired = false
    /// Its place in its bracket's present rung; nil when it is out.
    var place: Int?
  }

  fileprivate struct Place: Sendable {
    var member: Int
    /// nil: not reported yet.
    var value: Double?
    /// Whether the trial was sent on its way to this rung's level.
    var isStarted: Bool
  }

  struct Bracket: Sendable {
    let plans: [Plan]
    var rung = 0
    fileprivate var places: [Place] = []
    /// How many places have no value yet.
    fileprivate var missing = 0
    /// The first place that may wait for its start.
    fileprivate var nextPlace = 0
    /// How many trials reported in the rung below.
    fileprivate var reported = 0
    var isComplete = false
    /// The lowest rung gets no more trials than it has.
    fileprivate var isFull: Bool
  }

  let kinds: [[Plan]]
  let mode: MetricMode
  let maxResource: Int
  private(set) var members: [Member] = []
  private(set) var brackets: [Bracket] = []
  /// Brackets before this one are complete.
  private var firstOpen = 0
  /// No trial is added any more: rungs go on with what they have.
  private(set) var isClosed = false

  init(_ options: SchedulerOptions) {
    kinds = Self.kinds(options)
    mode = options.mode
    maxResource = options.maxResource
  }

  /// The rungs of each kind of bracket: of kind b, rung r has ceil(S / (S − b) · η^(S − 1 − b − r)) places, S the number
  /// of levels, `max_t` among them.
  static func kinds(_ options: SchedulerOptions) -> [[Plan]] {
    let levels = options.levels + [options.maxResource]
    let count = options.name == .successiveHalving ? 1 : min(options.brackets, levels.count)
    return (0..<count).map { kind in
      let share = Double(levels.count) / Double(levels.count - kind)
      return levels.indices.dropFirst(kind).map { level in
        let factor = Mathematics.pow(options.reductionFactor, Double(levels.count - 1 - level))
        return Plan(size: max(1, Int(min((share * factor).rounded(.up), 1e9))), level: levels[level])
      }
    }
  }

  // MARK: Observing

  /// The bracket that a new trial goes to.
  var bracketOfNextTrial: Int {
    for bracket in brackets.indices.dropFirst(firstOpen) where !brackets[bracket].isComplete {
      if brackets[bracket].rung == 0, !brackets[bracket].isFull { return bracket }
    }
    return brackets.count
  }

  mutating func add(_ trial: TrialID, bracket: Int) -> Int {
    let isOpen = brackets.indices.contains(bracket) && brackets[bracket].rung == 0 && !brackets[bracket].isFull
    let bracket = isOpen ? bracket : bracketOfNextTrial
    if bracket == brackets.count {
      brackets.append(Bracket(plans: kinds[bracket % kinds.count], isFull: isClosed))
    }
    members.append(
      Member(
        trial: trial, bracket: bracket, milestone: brackets[bracket].plans[0].level,
        place: brackets[bracket].places.count))
    brackets[bracket].places.append(Place(member: members.count - 1, value: nil, isStarted: true))
    brackets[bracket].missing += 1
    if brackets[bracket].places.count >= brackets[bracket].plans[0].size { brackets[bracket].isFull = true }
    return members.count - 1
  }

  mutating func record(_ member: Int, resource: Int, value: Double) -> RecordOutcome {
    guard resource > members[member].resource else { return .repeated }
    members[member].resource = resource
    let isDone = resource >= members[member].milestone
    if isDone { report(member, value) }
    if resource >= maxResource { return .reachedMaximum }
    return isDone ? .reachedMilestone(members[member].milestone) : .continues
  }

  /// The trial ended: without a value of its rung it ranks worst there, and nobody waits for it.
  mutating func retire(_ member: Int) {
    guard !members[member].isRetired else { return }
    members[member].isRetired = true
    report(member, .nan)
  }

  mutating func close() {
    isClosed = true
    for bracket in brackets.indices.dropFirst(firstOpen) {
      brackets[bracket].isFull = true
      finishRung(of: bracket)
    }
    skipComplete()
  }

  mutating func reopen() { isClosed = false }

  private mutating func report(_ member: Int, _ value: Double) {
    let bracket = members[member].bracket
    guard let place = members[member].place, brackets[bracket].places[place].value == nil else { return }
    brackets[bracket].places[place].value = value
    brackets[bracket].missing -= 1
    members[member].value = value
    finishRung(of: bracket)
    skipComplete()
  }

  /// Fills the next rung with the best of one that is full and reported.
  private mutating func finishRung(of bracket: Int) {
    guard !brackets[bracket].isComplete, brackets[bracket].isFull, brackets[bracket].missing == 0 else { return }
    let state = brackets[bracket]
    for place in state.places { members[place.member].place = nil }
    let next = state.rung + 1
    guard next < state.plans.count else { return complete(bracket) }
    let staying = ranked(state).filter { place in
      place.value?.isFinite == true && !members[place.member].isRetired
    }.prefix(state.plans[next].size)
    if staying.isEmpty { return complete(bracket) }
    brackets[bracket].rung = next
    brackets[bracket].reported = state.places.count
    brackets[bracket].nextPlace = 0
    brackets[bracket].places = staying.enumerated().map { index, place in
      members[place.member].place = index
      let resource = members[place.member].resource
      // One that reported further than it was asked to stands in the next rung with what it has said.
      let isThere = resource >= state.plans[next].level
      return Place(member: place.member, value: isThere ? place.value : nil, isStarted: isThere)
    }
    brackets[bracket].missing = brackets[bracket].places.count { $0.value == nil }
    finishRung(of: bracket)
  }

  private mutating func complete(_ bracket: Int) {
    brackets[bracket].isComplete = true
    brackets[bracket].places = []
  }

  /// Best first; equals in the order of their places.
  private func ranked(_ state: Bracket) -> [Place] {
    state.places.enumerated().sorted { a, b in
      let (x, y) = (mode.loss(a.element.value ?? .nan), mode.loss(b.element.value ?? .nan))
      return x == y ? a.offset < b.offset : x < y
    }.map(\.element)
  }

  private mutating func skipComplete() {
    while firstOpen < brackets.count, brackets[firstOpen].isComplete { firstOpen += 1 }
  }

  /// Whether the trial waits in its bracket, for its rung to be full or for a slot.
  func canStillBePromoted(_ member: Int) -> Bool {
    let bracket = brackets[members[member].bracket]
    guard !members[member].isRetired, let place = members[member].place else { return false }
    return !bracket.places[place].isStarted || bracket.rung + 1 < bracket.plans.count
  }

  // MARK: Deciding

  /// What a free slot would get promoted; nil: a new trial.
  func proposePromotion() -> Promotion? {
    for number in brackets.indices.dropFirst(firstOpen) where !brackets[number].isComplete {
      let bracket = brackets[number]
      if bracket.rung == 0 {
        // A new trial belongs here first.
        if !bracket.isFull { return nil }
        continue
      }
      let waiting = bracket.places[bracket.nextPlace...].firstIndex {
        !$0.isStarted && !members[$0.member].isRetired
      }
      if let waiting { return promotion(waiting, bracket) }
    }
    return nil
  }

  private func promotion(_ place: Int, _ bracket: Bracket) -> Promotion {
    let member = members[bracket.places[place].member]
    return Promotion(
      trial: member.trial, system: member.bracket, fromLevel: bracket.plans[bracket.rung - 1].level,
      milestone: bracket.plans[bracket.rung].level, rank: place, rungSize: bracket.reported,
      value: member.value, cutOff: members[bracket.places[bracket.places.count - 1].member].value,
      rule: .share(bracket.places.count))
  }

  mutating func apply(_ promotion: Promotion, to member: Int) {
    members[member].milestone = promotion.milestone
    let bracket = members[member].bracket
    guard let place = members[member].place else { return }
    brackets[bracket].places[place].isStarted = true
    while brackets[bracket].nextPlace < brackets[bracket].places.count,
      brackets[bracket].places[brackets[bracket].nextPlace].isStarted
    {
      brackets[bracket].nextPlace += 1
    }
  }
}

extension SynchronousHalving {
  /// How far the rung of the trial's bracket is; nil once the bracket is complete.
  func standing(of member: Int) -> BracketStanding? {
    let number = members[member].bracket
    let bracket = brackets[number]
    guard !bracket.isComplete else { return nil }
    let plan = bracket.plans[bracket.rung]
    let next = bracket.rung + 1 < bracket.plans.count ? bracket.plans[bracket.rung + 1] : nil
    return BracketStanding(
      bracket: number, level: plan.level, size: bracket.isFull ? bracket.places.count : plan.size,
      entered: bracket.places.count, reported: bracket.places.count { $0.value != nil }, staying: next?.size ?? 0,
      next: next?.level, isIn: bracket.places.contains { $0.member == member })
  }
}
