/// The live view of a run, without a terminal: what it shows (`RunScreen`), how that is laid out (`Layout`), what keys do
/// (`Interaction`), and the bytes that turn one picture into the next (`FrameWriter`).
///
/// Words: a *cell* is what stands at one place of the screen, one or two columns wide; a *role* is what a text is, and the
/// palette gives it a look; a *picture* is as many lines as the screen has rows.
///
/// Invariants: no line is wider than the screen, whatever names and metrics hold; no control character, no mark of
/// direction and no joiner comes from a text to the terminal; every state has a word or a sign, so that no colour is needed;
/// the same screen, size and glyphs give the same picture.
public enum LiveScreen {}
