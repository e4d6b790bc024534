// What an attempt printed, followed while it runs.

import { get } from "./api.js"
import { h, replace, say } from "./dom.js"
import { bytes } from "./format.js"
import { choice, toggle } from "./parts.js"

/** So much stays in the page; older text goes. */
const KEPT = 400_000

export class LogView {
  constructor(trial) {
    this.trial = trial
    this.stream = "output"
    this.attempt = null
    this.follows = true
    this.generation = 0
    this.text = h("pre", { tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Log" })
    this.told = h("span.count")
    this.earlier = h("button.small", { type: "button", hidden: true, onclick: () => this.before() }, "Earlier")
    this.attempts = h("select", { "aria-label": "Attempt", onchange: () => ((this.attempt = Number(this.attempts.value)), this.begin()) })
    this.tools = [this.earlier, this.told, this.attempts, choice("Stream", [["output", "Output"], ["error", "Errors"]], "output", (key) => ((this.stream = key), this.begin())),
      toggle("Follow", true, (on) => ((this.follows = on), on && this.toEnd()))]
    this.element = this.text
  }

  /** Which attempts there are. */
  set(attempts) {
    const known = attempts.map((one) => one.attempt)
    if (String(known) === this.known) return
    this.known = String(known)
    replace(this.attempts, known.map((one) => h("option", { value: one }, `attempt ${one}`)))
    this.attempts.hidden = known.length === 0
    const newest = known.at(-1) ?? null
    if (this.attempt === null || this.follows) {
      this.attempt = newest
      this.begin()
    }
    if (newest !== null) this.attempts.value = String(this.attempt)
  }

  begin() {
    this.generation += 1
    this.next = -65536
    this.first = null
    this.text.replaceChildren()
    this.read(this.generation)
  }

  async read(generation) {
    clearTimeout(this.timer)
    try {
      const piece = await get(`trials/${this.trial}/log`, { attempt: this.attempt, stream: this.stream, offset: this.next, limit: 65536 })
      if (generation !== this.generation || this.over) return
      if (piece.failure) say(this.told, piece.failure)
      else this.took(piece)
      if (!piece.ended) this.timer = setTimeout(() => this.read(generation), piece.failure ? 5000 : piece.next < piece.size ? 0 : 1000)
    } catch (error) {
      if (generation !== this.generation || this.over) return
      say(this.told, error.message)
      if (error.status === undefined || error.status >= 500) this.timer = setTimeout(() => this.read(generation), 5000)
    }
  }

  took(piece) {
    this.first ??= piece.offset
    this.next = piece.next
    this.earlier.hidden = this.first === 0
    say(this.told, piece.size ? `${bytes(piece.size)}${piece.ended ? "" : ", goes on"}` : piece.attempt === 0 ? "not started yet" : piece.ended ? "nothing was printed" : "nothing was printed yet")
    if (!piece.text) return
    this.text.append(clean(piece.text))
    while (this.text.textContent.length > KEPT && this.text.childNodes.length > 1) {
      this.text.firstChild.remove()
      this.first = Math.max(1, this.first)
    }
    if (this.follows) this.toEnd()
  }

  async before() {
    const [generation, to] = [this.generation, this.first]
    const from = Math.max(0, to - 65536)
    const piece = await get(`trials/${this.trial}/log`, { attempt: this.attempt, stream: this.stream, offset: from, limit: to - from }).catch(() => null)
    if (!piece || generation !== this.generation) return
    const height = this.text.scrollHeight
    this.text.prepend(clean(piece.text))
    this.text.scrollTop += this.text.scrollHeight - height
    this.first = from
    this.earlier.hidden = from === 0
  }

  toEnd() {
    this.text.scrollTop = this.text.scrollHeight
  }

  close() {
    this.over = true
    clearTimeout(this.timer)
  }
}

/** Colours of terminals go, a line drawn over and over shows its last state, and what cannot be seen is made visible. */
function clean(text) {
  return text
    .replace(/\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
    .replace(/\r\n/g, "\n")
    .replace(/[^\n\r]*\r(?=[^\n])/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
}
