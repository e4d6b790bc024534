// Which hyperparameters matter, and which configurations did well.

import { ParallelChart } from "./chart-parallel.js"
import { h, replace, say } from "./dom.js"
import { count, name, oneLine, percent, plural, value } from "./format.js"
import { empty, panel, problem } from "./parts.js"
import { tint } from "./palette.js"

export function open(app, root) {
  const told = h("span.count")
  const clear = h("button.quiet", { type: "button", hidden: true, onclick: () => chart.clear() }, "Let all ranges go")
  const chart = new ParallelChart(app, (kept, all, ranges) => {
    say(told, ranges ? `${count(kept)} of ${count(all)} in the ranges` : shown)
    clear.hidden = ranges === 0
  })
  let shown = ""
  const nothing = h("div")
  const lines = panel("Configurations", {
    name: "fills", tools: [clear, told], body: [h("p.hint", null, "Drag along an axis to choose a range; a double click lets it go. The best stand out."), chart.element, nothing],
  })
  const shares = panel("Importance", { name: "importance" })
  replace(root, h("h1.hidden-text", null, "Hyperparameters"), lines.element, shares.element)
  const rowsSource = app.sources.add("configurations", { rows: Math.min(2000, Math.max(300, root.clientWidth)) }, {
    data(data) {
      const isEmpty = data.rows.length === 0
      chart.element.hidden = isEmpty
      lines.element.querySelector(".hint").hidden = isEmpty
      replace(nothing, isEmpty && empty("No configuration yet.", "Lines appear with the first trials."))
      shown = data.rows.length < data.total ? `${count(data.rows.length)} of ${count(data.total)}: the best half, and others evenly` : plural(data.total, "configuration")
      chart.set(data)
    },
    problem: (error) => replace(nothing, problem(error)),
  }, 3000)
  const sharesSource = app.sources.add("importance", {}, {
    data(data) {
      shares.note = `${oneLine(data.method)}. ${plural(data.trials, "trial")} used.`
      replace(shares.content, data.note && h("p.remark", null, oneLine(data.note)), data.parameters.length > 0 && bars(data.parameters))
    },
    problem: (error) => replace(shares.content, problem(error)),
  }, 5000)
  return {
    close() {
      rowsSource.close()
      sharesSource.close()
      chart.close()
    },
  }
}

/** Bars with whiskers for the spread. */
function bars(parameters) {
  const most = Math.max(0.01, ...parameters.map((one) => one.high))
  return h("table.shares-table", null, h("caption.hidden-text", null, "Importance of hyperparameters"),
    h("thead.hidden-text", null, h("tr", null, ["hyperparameter", "share", ""].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", null, parameters.map((one) => h("tr", null,
      h("th", { scope: "row", title: oneLine(one.name) }, name(one.name, 28)),
      h("td.n", null, percent(one.share), h("small", null, ` ${percent(one.low)} – ${percent(one.high)}`)),
      h("td.bar", { "aria-hidden": "true" }, tint(h("div.whiskers", {
        vars: { "--share": String(one.share / most), "--low": String(one.low / most), "--high": String(one.high / most) },
        title: `${value(one.share)} (${value(one.low)} – ${value(one.high)})`,
      }, h("i.share"), h("i.whisker")), 0.25 + 0.6 * (one.share / most)))))))
}
