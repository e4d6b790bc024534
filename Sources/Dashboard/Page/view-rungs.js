// The ladder of rungs, and how the maximum rose.

import { MaximumChart } from "./chart-maximum.js"
import { h, replace } from "./dom.js"
import { count, duration, moment, name, oneLine, plural, value } from "./format.js"
import { ladder, ladderLegend } from "./ladder.js"
import { empty, panel, problem, trialLink } from "./parts.js"
import { slope } from "./slope.js"

export function open(app, root) {
  const rungs = panel("Rungs", { name: "rungs" })
  const chart = new MaximumChart(app)
  const rise = panel("How the maximum rose", { name: "rise" })
  const list = h("ol.rises")
  const nothing = h("div")
  replace(rise.content, chart.element, nothing)
  const pairs = panel("What made it rise", { name: "pairs", note: "Each time, one trial had left its group: the trials within epsilon of the one that held its place one rung below." })
  replace(pairs.content, list)
  replace(root, h("h1.hidden-text", null, "Rungs"), rungs.element, rise.element, pairs.element)
  let known = -1
  const source = app.sources.add("ladder", {}, {
    data(data) {
      if (data.brackets.length === 0) {
        replace(rungs.content, empty("This scheduler has no rungs."))
        rise.element.hidden = pairs.element.hidden = true
        return
      }
      replace(rungs.content, ladderLegend(), data.brackets.map((bracket) => [
        title(bracket, data.brackets.length), h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Rungs" }, ladder(bracket, app.run, { grows: data.grows }))]))
      rise.element.hidden = pairs.element.hidden = !data.grows
      const rises = data.brackets.flatMap((bracket) => bracket.rises)
      chart.set(data.brackets)
      replace(nothing, rises.length === 0 && empty("It has not risen yet.", `${name(app.run.resource_attr, 20)} ${data.brackets[0].first_maximum} is as far as trials go, as long as their order at the top is the one that they had one rung below.`))
      pairs.element.hidden ||= rises.length === 0
      if (rises.length === known) return
      known = rises.length
      replace(list, rises.slice().reverse().map((one) => item(one, app.run)))
    },
    problem: (error) => replace(rungs.content, problem(error)),
  }, 1500)
  return {
    close() {
      source.close()
      chart.close()
    },
  }
}

function title(bracket, count_) {
  if (bracket.begun === undefined) return count_ > 1 && h("h3", null, `Bracket ${bracket.bracket}`)
  const made = `${plural(bracket.begun, "bracket")} begun, ${count(bracket.complete)} complete`
  return h("h3", null, count_ > 1 ? `Brackets of kind ${bracket.bracket}` : "Brackets", h("span.when", null, made))
}

function item(rise, run) {
  const resource = name(run.resource_attr, 20)
  return h("li", null,
    slope(rise, run),
    h("div", null, h("h3", null, `${resource} ${rise.from} → ${rise.to}`, h("span.when", null, `${moment(rise.at, run.now)}, after ${duration(rise.active_seconds)}`)),
      h("p", null, oneLine(rise.text)),
      h("table.pair", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), h("th.n", { scope: "col" }, `at ${rise.previous_level}`), h("th.n", { scope: "col" }, `at ${rise.top_level}`))),
        h("tbody", null, [[rise.trial, rise.trial_value, rise.trial_top_value], [rise.holder, rise.holder_value, rise.holder_top_value]].map(([trial, below, top], index) =>
          h("tr", { class: index ? "holder" : "runner" }, h("th", { scope: "row" }, h("i.key"), trialLink(trial), index ? " held the place" : " has it now"), h("td.n", null, value(below, 6)), h("td.n", null, value(top, 6)))))),
      h("p.faint", null, `${oneLine(rise.criterion)}, epsilon ${value(rise.epsilon)}`, rise.score !== null && `, score ${value(rise.score)}`)))
}
