// The run at a glance.

import { BestChart } from "./chart-best.js"
import { eventList } from "./event-list.js"
import { h, replace, say } from "./dom.js"
import { compact, count, duration, name, oneLine, percent, plural, rough, value } from "./format.js"
import { hostStrip } from "./host-strip.js"
import { ladder } from "./ladder.js"
import { STATUS_ORDER, choice, empty, figure, icon, panel, problem, rungLegend, sentence, trialLink } from "./parts.js"

export function open(app, root) {
  const figures = h("dl.figures")
  const chart = new BestChart(app)
  let x = "time"
  const width = () => Math.min(2000, Math.max(200, Math.round(root.clientWidth)))
  const query = () => ({ x, points: Math.min(1000, width()), results: Math.min(3000, 2 * width()) })
  const legend = h("div")
  const nothing = h("div")
  const best = panel(`Best ${name(app.run.metric, 40)} so far`, {
    name: "best", tools: choice("Over", [["time", "over time"], ["resource", `over ${name(app.run.resource_attr, 16)}s spent`]], x, (key) => {
      x = key
      bestSource.turn(query())
    }), body: [h("div.under", null, legend), chart.element, nothing],
  })
  const rungs = panel("Rungs", { name: "rungs", tools: h("a", { href: "#/rungs" }, "More") })
  const budget = panel("Budget", { name: "budget" })
  const hosts = panel("Hosts", { name: "hosts", tools: h("a", { href: "#/hosts" }, "More") })
  const events = panel("Latest events", { name: "events", tools: h("a", { href: "#/events" }, "All") })
  const configuration = panel("Best configuration", { name: "configuration" })
  replace(root, h("h1.hidden-text", null, "Overview"), figures, h("div.grid", null, best.element, h("div.column", null, rungs.element, budget.element), configuration.element, hosts.element, events.element))

  const bestSource = app.sources.add("best", query(), {
    data: (data) => {
      const isEmpty = data.steps.length === 0 && data.results.length === 0
      chart.element.hidden = isEmpty
      replace(nothing, isEmpty && empty("No results yet.", "The line begins with the first report."))
      replace(legend, !isEmpty && rungLegend([...(app.run.brackets[0]?.levels ?? []), app.run.max_t], app.run.resource_attr))
      chart.set(data)
    },
    problem: (error) => replace(nothing, problem(error)),
  }, 2000)
  const ladderSource = app.sources.add("ladder", {}, {
    data: (data) => run(app.run) ?? replace(rungs.content, data.brackets.length ? data.brackets.map((bracket) => ladder(bracket, app.run, { brief: true, grows: data.grows })) : empty("This scheduler has no rungs.")),
  }, 1500)
  const hostSource = app.sources.add("hosts", {}, { data: (data) => replace(hosts.content, hostStrip(data.hosts)) }, 1500)
  const eventSource = app.sources.add("events", { limit: 30 }, { data: (data) => replace(events.content, eventList(data.events.slice().reverse(), app)) }, 1000)
  let shownBest = null
  let trialSource = null

  function run(now) {
    replace(figures, bestFigure(now), trialsFigure(now), maximumFigure(now, ladderSource.data), slotsFigure(now), timeFigure(now), spentFigure(now))
    replace(budget.content, limits(now), !now.commands.accepted && now.ended_at !== null && now.commands.reason && h("p.hint.way-on", null, sentence(now.commands.reason)))
    if (!now.best) replace(configuration.content, empty("None yet."))
    else if (shownBest !== now.best.trial) {
      shownBest = now.best.trial
      trialSource?.close()
      trialSource = app.sources.add(`trials/${shownBest}`, {}, { data: (data) => replace(configuration.content, settings(now, data)) }, 5000)
    }
  }
  run(app.run)
  return {
    run,
    close() {
      for (const source of [bestSource, ladderSource, hostSource, eventSource, trialSource]) source?.close()
      chart.close()
    },
  }
}

const resourceName = (run) => name(run.resource_attr, 20)

function bestFigure(run) {
  if (!run.best) return figure(`best ${name(run.metric, 40)}`, "–", "no report yet")
  return figure(`best ${name(run.metric, 40)}`, value(run.best.value), [trialLink(run.best.trial), ` at ${resourceName(run)} ${run.best.resource}`], { class: "lead" })
}

function trialsFigure(run) {
  const { trials, by_status } = run.totals
  const there = STATUS_ORDER.filter((word) => by_status[word] > 0)
  const limit = run.limits.find((one) => one.name === "max_num_trials_started")
  return figure("trials", [compact(trials), limit && h("small", null, ` of ${compact(limit.limit)}`)], [
    h("span.shares", { "aria-hidden": "true" }, there.map((word) => h("i", { class: word, vars: { "--w": String(by_status[word] / trials) } }))),
    h("span.words", null, there.length ? there.map((word) => h("span.status", { class: word }, icon(word), `${compact(by_status[word])} ${word}`)) : "none was started yet"),
  ], { class: "wide" })
}

function maximumFigure(run, ladder) {
  const maximum = ladder?.grows ? Math.max(...ladder.brackets.map((bracket) => bracket.maximum)) : null
  if (maximum === null || !Number.isFinite(maximum)) return figure("scheduler", run.scheduler.title, `${resourceName(run)} up to ${count(run.max_t)}`)
  const rises = ladder.brackets.reduce((sum, bracket) => sum + bracket.rises.length, 0)
  return figure(`maximum ${resourceName(run)}`, [count(maximum), h("small", null, ` of ${count(run.max_t)}`)], [h("span.part", null, run.scheduler.title), h("span.part", null, rises ? `rose ${rises === 1 ? "once" : `${rises} times`}` : "has not risen")])
}

function slotsFigure(run) {
  const { slots, busy, total, troubled } = run.hosts
  return figure("slots busy", [count(busy), h("small", null, ` of ${count(slots)}`)], [h("span.part", null, `${count(total)} ${total === 1 ? "host" : "hosts"}`), troubled > 0 && h("span.bad-text", null, icon("warning"), `${count(troubled)} with troubles`)])
}

function timeFigure(run) {
  const left = run.estimate
  return figure("time", duration(run.active_seconds), run.ended_at ? "ended" : left ? [`about ${rough(left.seconds)} left `, h("span.faint", { title: oneLine(left.basis) }, `(${rough(left.low)} – ${rough(left.high)})`)] : `no estimate: ${oneLine(run.no_estimate)}`)
}

function spentFigure(run) {
  const { resource, reports, slot_seconds, continued_in_place, restarts } = run.totals
  const whole = run.totals.trials * run.max_t
  return figure(`${resourceName(run)}s spent`, compact(resource), [
    h("span.part", null, whole > 0 && resource > 0 ? `${percent(1 - resource / whole)} less than in full` : "nothing yet"), slot_seconds > 0 && h("span.part", { title: `${plural(reports, "report")}, ${plural(restarts, "restart")}` }, `${duration(slot_seconds)} of slots`),
    continued_in_place > 0 && h("span.part", null, `${compact(continued_in_place)} promoted in place`)])
}

const LIMIT_NAMES = {
  max_num_trials_started: "trials started", max_num_trials_completed: "trials completed", max_num_trials_finished: "trials finished",
  max_num_evaluations: "reports", max_wallclock_time: "active time", max_cost: "cost", max_metric_value: "metric reaches", min_metric_value: "metric reaches",
}

function limits(run) {
  if (run.limits.length === 0) return empty("No limit.", "The run goes on until it is stopped.")
  return h("ul.limits", null, run.limits.map(({ name: key, limit, used }) => {
    const write = key === "max_wallclock_time" ? duration : key.startsWith("max_num") ? compact : (n) => value(n)
    const isShare = !key.includes("metric")
    const part = isShare && typeof used === "number" ? Math.min(1, used / limit) : null
    return h("li", null, h("span", null, LIMIT_NAMES[key]), h("span.n", null, used === null ? "–" : write(used), h("small", null, ` of ${write(limit)}`)),
      part !== null && h("span.meter", { role: "img", "aria-label": `${percent(part)} used` }, h("i", { vars: { "--w": String(part) } })))
  }))
}

function settings(run, trial) {
  return h("div", null, h("p.lead-line", null, trialLink(trial.trial), ` ${value(trial.value)} at ${resourceName(run)} ${trial.best_resource}`),
    h("dl.settings", null, run.space.filter((entry) => Object.hasOwn(trial.configuration, entry.name)).map((entry) => [
      h("dt", { title: oneLine(entry.name) }, name(entry.name, 40)), h("dd", null, h("code", null, show(trial.configuration[entry.name])))])))
}

const show = (given) => (typeof given === "number" ? value(given, 6) : oneLine(given))
