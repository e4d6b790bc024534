// What a view shows of the server, fetched anew when the run has changed: not more often than it takes, and never while
// nobody looks.

import { getText } from "./api.js"

// While a button is held down nothing is drawn anew: a click on what was replaced meanwhile would be lost.
let pressed = Promise.resolve()
addEventListener("pointerdown", () => {
  pressed = new Promise((resolve) => {
    for (const kind of ["pointerup", "pointercancel", "blur"]) addEventListener(kind, () => setTimeout(resolve), { once: true })
  })
}, true)

export class Sources {
  constructor() {
    this.open = new Set()
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.changed()
    })
  }

  /** Fetches at once, and then whenever the run changes. `on.data(data)`, `on.problem(error)`. */
  add(path, query, on, rest = 1000) {
    const source = new Source(path, query, on, rest)
    this.open.add(source)
    source.close = () => {
      this.open.delete(source)
      source.end()
    }
    source.ask()
    return source
  }

  changed() {
    if (!document.hidden) for (const source of this.open) source.stale()
  }
}

class Source {
  constructor(path, query, on, rest) {
    Object.assign(this, { path, query, on, rest, busy: false, wanted: false, over: false, asked: 0, took: 0, data: null })
  }

  /** Another question from here on. */
  turn(query, path = this.path) {
    this.query = query
    this.path = path
    this.text = null
    this.abort?.abort()
    this.busy = false
    clearTimeout(this.timer)
    this.timer = null
    this.ask()
  }

  stale() {
    if (this.over) return
    if (this.busy || this.timer) {
      this.wanted = true
      return
    }
    const wait = this.asked + Math.max(this.rest, 5 * this.took) - performance.now()
    if (wait <= 0) this.ask()
    else this.timer = setTimeout(() => ((this.timer = null), this.ask()), wait)
  }

  async ask() {
    if (this.over) return
    const abort = (this.abort = new AbortController())
    this.busy = true
    this.wanted = false
    this.asked = performance.now()
    try {
      const text = await getText(this.path, this.query, abort.signal)
      await pressed
      if (this.over || abort !== this.abort) return
      this.failures = 0
      if (text === this.text) return
      this.text = text
      this.data = JSON.parse(text)
      this.on.data(this.data)
    } catch (error) {
      if (this.over || abort !== this.abort || error.name === "AbortError") return
      this.failures = (this.failures ?? 0) + 1
      this.on.problem?.(error)
      // The stream says when the server is back; this is for what fails by itself.
      if (error.status === undefined || error.status >= 500) {
        this.timer ??= setTimeout(() => ((this.timer = null), this.ask()), Math.min(30000, 1000 * 2 ** this.failures))
      }
    } finally {
      if (abort === this.abort) {
        this.busy = false
        this.took = performance.now() - this.asked
        if (this.wanted) this.stale()
      }
    }
  }

  end() {
    this.over = true
    this.abort?.abort()
    clearTimeout(this.timer)
  }
}
