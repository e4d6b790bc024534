// Learning curves: which ones, and how they are drawn.

import { CurvesChart } from "./chart-curves.js"
import { h, replace } from "./dom.js"
import { count, name, plural } from "./format.js"
import { choice, empty, panel, problem, rungLegend, toggle, trialLink } from "./parts.js"

export function open(app, root, settings) {
  const chart = new CurvesChart(app)
  const picked = settings.get("ids")?.split(",").filter((id) => /^[0-9]{1,9}$/.test(id)) ?? []
  const state = { which: picked.length ? "ids" : ["running", "spread"].includes(settings.get("which")) ? settings.get("which") : "best", trials: 50 }
  const query = () => (state.which === "ids" ? { which: "ids", ids: picked, points: 300 } : { which: state.which, trials: state.trials, points: state.trials > 100 ? 60 : 150 })
  const keep = () => app.keep("curves", state.which === "ids" ? { ids: picked.join(",") } : { which: state.which === "best" ? "" : state.which })
  const told = h("span.count")
  const legend = h("div")
  const nothing = h("div")
  const options = [["best", "Best"], ["running", "Running"], ["spread", "Best to worst"]]
  const area = panel(`Learning curves: ${name(app.run.metric, 40)} over ${name(app.run.resource_attr, 20)}`, {
    name: "fills", tools: [
      choice("Which trials", picked.length ? [...options, ["ids", "Chosen"]] : options, state.which, (key) => {
        state.which = key
        keep()
        source.turn(query())
      }),
      choice("How many", [["20", "20"], ["50", "50"], ["200", "200"], ["500", "500"]], "50", (key) => {
        state.trials = Number(key)
        source.turn(query())
      }),
      toggle("log x", app.run.max_t > 30, (on) => ((chart.isLogX = on), chart.plot.redraw())),
      toggle("log y", false, (on) => ((chart.isLogY = on), chart.plot.redraw())),
    ], body: [h("div.under", null, legend, told), chart.element, nothing],
  })
  replace(root, area.element)
  const source = app.sources.add("curves", query(), {
    data: (data) => {
      replace(legend, rungLegend(data.milestones, app.run.resource_attr))
      const isEmpty = data.curves.every((curve) => curve.points.length === 0)
      chart.element.hidden = isEmpty
      replace(nothing, isEmpty && empty(data.total ? "No reports yet." : state.which === "running" ? "No trial is running." : "No trial has reported yet.",
        `Curves of ${name(app.run.metric)} appear with the first reports.`))
      replace(told, `${count(data.curves.length)} of ${plural(data.total, "trial")}`, state.which === "ids" && [": ", data.curves.map((curve) => [trialLink(curve.trial), " "])])
      chart.set(data)
    },
    problem: (error) => replace(nothing, problem(error)),
  }, 2000)
  return {
    close() {
      source.close()
      chart.close()
    },
  }
}
