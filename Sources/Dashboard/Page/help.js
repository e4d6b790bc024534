// Keys, and what they do.

import { h } from "./dom.js"
import { dialog } from "./dialog.js"

const KEYS = [
  ["1 … 7", "the views"], ["/", "the filter of the trials"], ["t", "colours: system, light, dark"], ["?", "this list"],
  ["← → ↑ ↓", "in a chart: from one thing to the next; in the timeline: along the time"], ["Enter", "in a chart or a table: open the trial"],
  ["+ −", "in the timeline: closer, wider"], ["Esc", "close, let go"],
]

export function help() {
  dialog("Keys", h("dl.keys", null, KEYS.map(([key, text]) => [h("dt", null, h("kbd", null, key)), h("dd", null, text)])), [["Close", null]])
}

export function shortcuts(app, views) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.target
    if (target instanceof Element && target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog")) return
    if (/^[1-9]$/.test(event.key) && views[event.key - 1]) location.hash = `#/${views[event.key - 1]}`
    else if (event.key === "/") {
      event.preventDefault()
      if (!document.getElementById("filter")) location.hash = "#/trials"
      requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById("filter")?.focus()))
    } else if (event.key === "t") app.head.nextTheme()
    else if (event.key === "?") help()
  })
}
