/// What people and scripts read of a run: progress lines, tables, the summary, and the same as JSON.
///
/// Everything here is a function of the run's state and facts: the running coordinator, `attach`, and the commands that
/// read a journal at rest show the same words.
///
/// Words: a *line* tells one fact; a *table* tells a state; the *summary* tells the end. JSON objects keep their keys
/// from version to version; keys may be added.
public enum Presentation {}
