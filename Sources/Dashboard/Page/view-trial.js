// One trial: how it stands, what it reported, where it ran, why.

import { TrialChart } from "./chart-trial.js"
import { pauseTrial, resumeTrial, stopTrial } from "./commands.js"
import { h, replace } from "./dom.js"
import { bytes, count, dateAndTime, duration, moment, name, oneLine, parameter, plural, value } from "./format.js"
import { LogView } from "./log.js"
import { empty, figure, loading, panel, problem, rungMark, status } from "./parts.js"

export function open(app, root, settings, id) {
  const head = h("div.trial-head")
  const figures = h("dl.figures")
  const chart = new TrialChart(app)
  const chooser = h("select", { "aria-label": "What to show", hidden: true, onchange: () => drawCurve() })
  const nothing = h("div")
  const curve = panel("Reports", { name: "reports", tools: chooser, body: [chart.element, nothing] })
  const rungs = h("div")
  curve.content.append(rungs)
  const configuration = panel("Configuration", { name: "configuration" })
  const attempts = panel("Attempts", { name: "attempts" })
  const checkpoints = panel("Checkpoints", { name: "checkpoints" })
  const explanation = panel("Why", { name: "why" })
  const log = new LogView(id)
  const logs = panel("Log", { name: "log", tools: log.tools, body: log.element })
  const grid = h("div.grid", null, curve.element, configuration.element, explanation.element, attempts.element, checkpoints.element, logs.element)
  replace(root, loading())
  let [shown, curveData, isBuilt] = ["", null, false]

  const detail = app.sources.add(`trials/${id}`, {}, {
    data(trial) {
      if (!isBuilt) replace(root, head, figures, grid)
      isBuilt = true
      replace(head, ...title(trial, app))
      replace(figures, ...numbers(trial, app.run))
      const text = JSON.stringify(trial.configuration)
      if (text !== shown) replace(configuration.content, values(trial, app.run))
      shown = text
      replace(attempts.content, trial.attempts.length ? h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Attempts" }, attemptTable(trial, app.run)) : empty("Not started yet."))
      replace(checkpoints.content, trial.checkpoints.length ? trial.checkpoints.slice().reverse().map((one) => checkpoint(one, app.run)) : empty("None is sealed."))
      log.set(trial.attempts)
    },
    problem: (error) => isBuilt || replace(root, error.status === 404 ? empty(`There is no trial ${id}.`, h("a", { href: "#/trials" }, "All trials")) : problem(error)),
  }, 1000)
  const curves = app.sources.add(`trials/${id}/curve`, { points: Math.min(2000, Math.max(300, root.clientWidth)) }, {
    data(data) {
      curveData = data
      const names = data.series.map((one) => one.name)
      if (String(names) !== chooser.dataset.names) {
        const before = chooser.value
        replace(chooser, names.map((text, index) => h("option", { value: index }, name(text, 50))))
        chooser.dataset.names = String(names)
        chooser.hidden = names.length < 2
        if (before) chooser.value = before
      }
      drawCurve()
      replace(rungs, data.rungs.length > 0 && rungTable(data, app.run))
    },
  }, 1500)
  const why = app.sources.add(`trials/${id}/explanation`, {}, {
    data: (data) => replace(explanation.content, h("ol.why", { tabindex: 0, "aria-label": "Decisions, in their order" }, data.steps.map((step) => h("li", null, h("time", { datetime: new Date(step.time * 1000).toISOString(), title: dateAndTime(step.time) }, moment(step.time, app.run.now)), h("span", null, oneLine(step.text)))), h("li.now", null, h("time", null, "now"), h("span", null, oneLine(data.now))))),
    problem: (error) => replace(explanation.content, problem(error)),
  }, 1500)

  function drawCurve() {
    if (!curveData) return
    const series = curveData.series[Number(chooser.value || 0)]
    const isEmpty = !series || series.points.length === 0
    chart.element.hidden = isEmpty
    replace(nothing, isEmpty && empty("No reports yet."))
    chart.set(curveData, series)
  }

  return {
    close() {
      for (const source of [detail, curves, why]) source.close()
      chart.close()
      log.close()
    },
  }
}

function title(trial, app) {
  const previous = trial.trial > 0 ? trial.trial - 1 : null
  const next = app.run.totals.trials > trial.trial + 1 ? trial.trial + 1 : null
  const step = (to, text, label) => (to === null ? h("span.button.square.off", { "aria-hidden": "true" }, text) : h("a.button.square", { href: `#/trials/${to}`, "aria-label": label, title: label }, text))
  return [h("h1", null, `Trial ${trial.trial}`), status(trial.status), trial.status_text !== trial.status && h("span.sentence", null, oneLine(trial.status_text)),
    h("span.right", null, step(previous, "←", "Trial before"), step(next, "→", "Trial after"), h("a.button", { href: `#/curves?ids=${trial.trial}` }, "Among curves"),
      app.canCommand && trial.can.includes("pause_trial") && h("button", { type: "button", onclick: () => pauseTrial(app, trial.trial) }, "Pause…"),
      app.canCommand && trial.can.includes("resume_trial") && h("button.primary", { type: "button", onclick: () => resumeTrial(app, trial.trial) }, "Resume"),
      app.canCommand && trial.can.includes("stop_trial") && h("button.danger", { type: "button", onclick: () => stopTrial(app, trial.trial) }, "Stop…")),
    trial.failure && h("pre.failure", { role: "note" }, trial.failure)]
}

function numbers(trial, run) {
  const resource = name(run.resource_attr, 20)
  const levels = (run.brackets[0]?.levels.length ?? 0) + 1
  return [
    figure(`best ${name(run.metric, 40)}`, value(trial.value), trial.best_resource === null ? "no report yet" : [`at ${resource} ${trial.best_resource}`, trial.rank !== null && `, place ${count(trial.rank)}`], { class: "lead" }),
    figure(resource, [count(trial.resource), h("small", null, ` to ${count(trial.milestone)}`)], [rungMark(trial.level, levels), `rung ${Math.min(trial.level, levels)} of ${levels}`]),
    figure("last", value(trial.last_value), plural(trial.reports, "report") + (trial.rejected_reports ? `, ${trial.rejected_reports} not usable` : "")),
    figure("slot time", duration(trial.slot_seconds), trial.cost === null ? trial.started_at !== null && `since ${moment(trial.started_at, run.now)}` : `cost ${value(trial.cost)}`),
    figure("where", trial.host === null ? "–" : `${name(trial.host, 24)}/${trial.slot}`, [plural(trial.attempt, "attempt"), trial.restarts > 0 && `, ${plural(trial.restarts, "restart")}`, trial.moves > 0 && `, ${plural(trial.moves, "move")}`]),
    figure("origin", "", oneLine(trial.origin)),
  ]
}

/** Where a value lies in its range, 0…1; null where that means nothing. */
function part(entry, given) {
  if (entry.values) return entry.values.length > 1 ? Math.max(0, entry.values.indexOf(given)) / (entry.values.length - 1) : null
  if (entry.lower === null || typeof given !== "number") return null
  const log = entry.scale === "log"
  const turn = entry.scale === "reverse_log" ? (x) => -Math.log(1 - x) : log ? Math.log : (x) => x
  const span = turn(entry.upper) - turn(entry.lower)
  return span > 0 ? Math.min(1, Math.max(0, (turn(given) - turn(entry.lower)) / span)) : null
}

function values(trial, run) {
  return h("table.values", null, h("caption.hidden-text", null, "Configuration"), h("tbody", null, run.space.filter((entry) => Object.hasOwn(trial.configuration, entry.name)).map((entry) => {
    const given = trial.configuration[entry.name]
    const at = entry.type === "constant" ? null : part(entry, given)
    const bounds = entry.values ? plural(entry.values.length, "value") : entry.type === "constant" ? "constant" : `${parameter(entry.lower)} … ${parameter(entry.upper)}${entry.scale === "log" ? ", log" : ""}`
    return h("tr", null, h("th", { scope: "row", title: oneLine(entry.name) }, name(entry.name, 36)), h("td", null, h("code", null, typeof given === "number" ? value(given, 9) : oneLine(given))),
      h("td.place", null, at !== null && h("span.place-mark", { "aria-hidden": "true", vars: { "--at": String(at) } }, h("i")), h("small", null, bounds)))
  })))
}

function rungTable(data, run) {
  const stones = [...(run.brackets[0]?.levels ?? []), run.max_t]
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Rungs of the trial" }, h("table.rung-rows", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "rung"), ["value", "cut-off", "place"].map((text) => h("th.n", { scope: "col" }, text)), h("th", { scope: "col" }, ""))),
    h("tbody", null, data.rungs.map((rung) => h("tr", null, h("th", { scope: "row" }, rungMark(stones.indexOf(rung.level) + 1, stones.length), rung.level), h("td.n", null, value(rung.value)), h("td.n", null, value(rung.cut_off)), h("td.n", null, `${rung.rank} of ${count(rung.of)}`),
      h("td", null, rung.promoted_at !== null ? `promoted ${moment(rung.promoted_at, run.now)}` : rung.level === run.max_t ? "done" : "waits"))))))
}

function attemptTable(trial, run) {
  const words = { created: "new", promoted: "promoted", restarted: "restarted", resumed: "resumed", training: "trained in full" }
  return h("table.attempt-rows", null, h("thead", null, h("tr", null, ["", "where", "why", name(run.resource_attr, 12), "from", "for", "end"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", null, trial.attempts.slice().reverse().map((one) => h("tr", null, h("th", { scope: "row" }, one.attempt), h("td", { title: oneLine(one.host) }, `${name(one.host, 24)}/${one.slot}`), h("td", null, words[one.reason]),
      h("td.n", null, `${one.from_resource} → ${one.milestone}`), h("td", null, moment(one.assigned_at, run.now)), h("td.n", null, duration((one.ended_at ?? run.now) - one.assigned_at)), h("td.text", null, one.ended === null ? h("span.status.running", null, "goes on") : [h("span", { class: one.ended === "failed" || one.ended === "lost" ? "bad-text" : null }, one.ended), one.text && h("small", null, ` ${name(one.text, 140)}`)])))))
}

function checkpoint(one, run) {
  return h("div.checkpoint", null, h("strong", null, `${name(run.resource_attr, 20)} ${one.resource}`), h("span.faint", null, ` ${bytes(one.bytes)}, generation ${one.generation}, attempt ${one.attempt}`), one.holders.map((holder) => h("code", null, `${oneLine(holder.host)}:${oneLine(holder.path)}`)))
}
