// Keys, and what they do.

import { h } from "./dom.js"
import { dialog } from "./dialog.js"
import { name } from "./format.js"
import { STATUS_ORDER } from "./parts.js"

const KEYS = [
  ["1 … 7", "the views"], ["/", "the filter of the trials"], ["t", "colours: system, light, dark"], ["?", "this list"],
  ["← → ↑ ↓", "in a chart: from one thing to the next; in the timeline: along the time"], ["Enter", "in a chart or a table: open the trial"],
  ["+ −", "in the timeline: closer, wider"], ["Esc", "close, let go"],
]

export function help() {
  dialog("Keys", h("dl.keys", null, KEYS.map(([key, text]) => [h("dt", null, h("kbd", null, key)), h("dd", null, text)])), [["Close", null]])
}

/** A name or value as a filter takes it. */
const quoted = (text) => (/[\s<>=!~"#]/.test(text) || text === "" ? `"${text.replace(/["\\]/g, "\\$&")}"` : text)

/** What the filter of the trials understands, with the names of this run. */
export function filterHelp(run) {
  const own = run.space.filter((entry) => entry.type !== "constant")
  const ranged = own.find((entry) => entry.lower !== null)
  const worded = own.find((entry) => entry.values?.some((one) => typeof one === "string"))
  const word = worded?.values.find((one) => typeof one === "string")
  const middle = ranged && (ranged.scale === "log" ? Math.sqrt(ranged.lower * ranged.upper) : (ranged.lower + ranged.upper) / 2)
  const rows = [
    ["#12", "the trial of this number; where there are several, any of them"],
    ranged && [`${quoted(ranged.name)}<${Number(middle.toPrecision(1))}`, "a hyperparameter; also <= > >= = !="],
    worded && [`${quoted(worded.name)}=${quoted(word)}`, "a text as a whole; != another one, ~ one with this in it"],
    [`${quoted(run.metric)}${run.mode === "min" ? "<=" : ">="}0.3`, "the best value"],
    [`${quoted(run.resource_attr)}>=9`, "how far it came"],
    ["status=failed", STATUS_ORDER.join(", ")],
    ["host=gpu3", "runs there now; ran=gpu3: has run there in some attempt"],
    ["failure~memory", "what its script left to say"],
    ["adam", "in number, host, failure or configuration"],
    ['"no space left"', "a text with spaces"],
  ].filter(Boolean)
  dialog("Filter", [
    h("p", null, "Terms with spaces between them, all of which must hold. Upper and lower case are the same."),
    h("dl.keys.terms", null, rows.map(([term, text]) => [h("dt", null, h("code", null, name(term, 48))), h("dd", null, text)])),
    h("p", null, "Columns: trial, status, value, last, resource, milestone, host, ran, time (seconds in slots), attempts, restarts, failure."),
  ], [["Close", null]])
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
