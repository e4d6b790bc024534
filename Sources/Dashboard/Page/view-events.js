// All events, the newest first.

import { get } from "./api.js"
import { eventRow } from "./event-list.js"
import { h, replace, say } from "./dom.js"
import { plural } from "./format.js"
import { choice, empty, panel, problem } from "./parts.js"

const RANKS = ["info", "notice", "warning", "error"]
const MOST = 2000

export function open(app, root, settings) {
  let severity = RANKS.includes(settings.get("severity")) ? settings.get("severity") : "info"
  let [generation, oldest, newest, over] = [0, null, 0, false]
  const list = h("ol.event-list", { "aria-label": "Events, newest first" })
  const more = h("button", { type: "button", hidden: true, onclick: () => older() }, "Older events")
  const nothing = h("div")
  const told = h("span.count")
  const area = panel("Events", {
    name: "fills", tools: [choice("At least", [["info", "All"], ["notice", "Notices"], ["warning", "Warnings"], ["error", "Errors"]], severity, (key) => {
      severity = key
      app.keep("events", { severity: key === "info" ? "" : key })
      begin()
    }), told], body: [list, nothing, h("div.more", null, more)],
  })
  replace(root, area.element)

  async function begin() {
    const mine = ++generation
    try {
      const data = await get("events", { severity, limit: 200 })
      if (mine !== generation || over) return
      replace(list, data.events.slice().reverse().map((event) => eventRow(event, app.run.now)))
      newest = data.events.at(-1)?.sequence ?? data.last
      replace(nothing, data.events.length === 0 && empty(severity === "info" ? "Nothing has happened yet." : "Nothing of this kind has happened."))
      passed(data)
    } catch (error) {
      if (mine === generation) replace(nothing, problem(error))
    }
  }

  function passed(data) {
    oldest = data.events[0]?.sequence ?? oldest
    more.hidden = data.events.length < 200
    say(told, `${plural(list.childElementCount, "event")} shown`)
  }

  async function older() {
    const mine = generation
    more.disabled = true
    try {
      const data = await get("events", { severity, limit: 200, before: oldest })
      if (mine !== generation || over) return
      list.append(...data.events.slice().reverse().map((event) => eventRow(event, app.run.now)))
      passed(data)
    } finally {
      more.disabled = false
    }
  }

  app.lineListeners.add((event) => {
    if (event.sequence <= newest || RANKS.indexOf(event.severity) < RANKS.indexOf(severity)) return
    newest = event.sequence
    nothing.replaceChildren()
    list.prepend(eventRow(event, app.run.now))
    while (list.childElementCount > MOST) list.lastElementChild.remove()
    say(told, `${plural(list.childElementCount, "event")} shown`)
  })
  begin()
  return {
    back: begin,
    close() {
      over = true
      generation += 1
    },
  }
}
