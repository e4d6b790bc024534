// The page: where one is, the head, and the news of the server.

import { Stream, access, hasToken, setToken, takeToken } from "./api.js"
import { tokenDialog } from "./commands.js"
import { announce, h, replace, say, toast } from "./dom.js"
import { Head } from "./head.js"
import { shortcuts } from "./help.js"
import { oneLine } from "./format.js"
import { Sources } from "./source.js"
import { empty, loading, problem } from "./parts.js"
import * as curves from "./view-curves.js"
import * as events from "./view-events.js"
import * as hosts from "./view-hosts.js"
import * as overview from "./view-overview.js"
import * as parameters from "./view-parameters.js"
import * as rungs from "./view-rungs.js"
import * as trial from "./view-trial.js"
import * as trials from "./view-trials.js"

const VIEWS = [
  ["overview", "Overview", overview], ["curves", "Curves", curves], ["rungs", "Rungs", rungs], ["parameters", "Parameters", parameters],
  ["hosts", "Hosts", hosts], ["trials", "Trials", trials], ["events", "Events", events],
]

/** What views share: the run as it was read last, the sources, and who listens to lines. */
class App {
  constructor() {
    this.run = null
    this.sources = new Sources()
    this.lineListeners = new Set()
    this.main = document.getElementById("main")
    this.head = new Head(this, VIEWS.map(([key, title]) => [key, title]))
    replace(document.getElementById("top"), this.head.element)
    replace(this.main, loading())
    this.runSource = this.sources.add("run", {}, { data: (run) => this.took(run), problem: (error) => this.failed(error) }, 500)
    this.stream = new Stream({
      state: (state, wait) => {
        this.head.connection(state, wait)
        if (state === "live") {
          this.sources.changed()
          if (this.wasLost) this.view?.back?.()
        }
        this.wasLost = state !== "live"
      },
      changed: () => this.sources.changed(),
      line: (event) => {
        for (const listener of this.lineListeners) listener(event)
      },
    })
    this.checkToken()
    addEventListener("hashchange", () => this.go())
    shortcuts(this, VIEWS.map(([key]) => key))
  }

  took(run) {
    const first = this.run === null
    this.run = run
    document.title = `${run.best ? `${oneLine(run.experiment)}: ` : ""}${oneLine(run.run)} – pasha`
    this.head.show(run)
    if (first) this.go()
    else this.view?.run?.(run)
  }

  failed(error) {
    if (this.run) return
    replace(this.main, error.status === 401
      ? empty("This run is shown with its token alone.", [h("span", null, "Open the address that pasha-coord printed, with #token=… at its end, or "),
        h("button.small", { type: "button", onclick: () => tokenDialog(this) }, "give the token…")])
      : problem(error))
  }

  /** Shows what the address names. */
  go() {
    if (takeToken()) {
      this.checkToken()
      this.unlocked()
    }
    this.head.token()
    if (!this.run) return
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?")
    const [word = "", id] = path.split("/")
    const arguments_ = new URLSearchParams(query ?? "")
    const key = VIEWS.some(([known]) => known === word) ? word : "overview"
    const isTrial = key === "trials" && /^[0-9]{1,10}$/.test(id ?? "")
    const place = isTrial ? `trial ${id}` : key
    this.head.here(key)
    if (this.place === place && this.view?.turn) return this.view.turn(arguments_)
    this.view?.close?.()
    this.lineListeners.clear()
    const isFirst = this.place === undefined
    this.place = place
    const module = isTrial ? trial : VIEWS.find(([known]) => known === key)[2]
    const root = h("div.view", { class: isTrial ? "trial" : key })
    replace(this.main, root)
    this.view = module.open(this, root, arguments_, Number(id))
    this.main.scrollTop = 0
    if (!isFirst) {
      scrollTo(0, 0)
      announce(isTrial ? `Trial ${id}` : VIEWS.find(([known]) => known === key)[1])
      this.main.focus({ preventScroll: true })
    }
  }

  get canCommand() {
    return hasToken()
  }

  /** A token that came with the address, or is left of another run at the same port, may be a wrong one. */
  async checkToken() {
    if (!hasToken()) return
    try {
      if ((await access()).token !== "wrong") return
    } catch {
      // The first command tells it.
      return
    }
    this.locked()
    toast("The token of this address is not this run's: commands stay locked.", "error")
  }

  /** There is a token. */
  unlocked() {
    this.head.token()
    this.sources.changed()
    this.stream.retry()
  }

  /** The token was refused. */
  locked() {
    setToken(null)
    this.head.token()
  }

  /** Puts what a view is set to into the address, without a step in the history. */
  keep(key, settings) {
    const words = new URLSearchParams(Object.entries(settings).filter(([, text]) => text !== null && text !== undefined && text !== ""))
    const text = words.toString()
    history.replaceState(null, "", `#/${key}${text ? "?" + text : ""}`)
  }
}

try {
  sessionStorage.removeItem("pasha-tries")
} catch {
  // As in start.js.
}
takeToken()
say(document.getElementById("announce"), "")
new App()
