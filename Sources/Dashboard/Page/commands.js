// What can be told to the run. What cannot be undone is asked for once more.

import { command, setToken } from "./api.js"
import { dialog } from "./dialog.js"
import { freshId, h, toast } from "./dom.js"
import { duration, name, oneLine, value } from "./format.js"

/** Sends a command; what is wrong, as a text. */
async function send(app, body) {
  try {
    const { done } = await command(body)
    toast(oneLine(done), "good")
    app.sources.changed()
    return null
  } catch (error) {
    if (error.status === 401) app.locked()
    return error.message
  }
}

function ask(app, title, text, verb, body, kind = "danger") {
  dialog(title, h("p", null, text), [["Cancel", null], [verb, () => send(app, body), kind]])
}

export const pauseRun = (app) =>
  ask(app, "Pause the run?", "All trials are paused and their checkpoints sealed, then the coordinator ends, and this page with it. `pasha-coord resume` goes on.", "Pause the run", { op: "pause_run" }, "primary")
export const stopRun = (app) =>
  ask(app, "Stop the run for good?", "Checkpoints are sealed first. A run that was stopped cannot be resumed.", "Stop the run", { op: "stop_run" })
export const stopTrial = (app, trial) =>
  ask(app, `Stop trial ${trial} for good?`, "It is not resumed or promoted any more. What it reported stays.", "Stop the trial", { op: "stop_trial", trial })
export const pauseTrial = (app, trial) =>
  ask(app, `Pause trial ${trial}?`, "Its checkpoint is sealed and its slot is free for another trial. It gets no slot until it is resumed.", "Pause the trial", { op: "pause_trial", trial }, "primary")
export async function resumeTrial(app, trial) {
  const message = await send(app, { op: "resume_trial", trial })
  if (message) toast(message, "error")
}
export const drainHost = (app, host) =>
  ask(app, `Drain ${name(host)}?`, "It gets no new trials. Those there go on to their milestones, and then elsewhere.", "Drain the host", { op: "drain_host", host })

export async function addHost(app, host) {
  const message = await send(app, { op: "add_host", host })
  if (message) toast(message, "error")
}

export function tokenDialog(app) {
  const id = freshId("token")
  const input = h("input", { id, type: "password", autocomplete: "off", spellcheck: "false" })
  dialog("Unlock commands", [
    h("p", null, "Commands need the run's token. It is in the file ", h("code", null, "page.token"), " of the run's folder, and in the address that pasha-coord printed."),
    h("div.field", null, h("label", { for: id }, "Token"), input),
  ], [["Cancel", null], ["Unlock", () => {
    if (!input.value.trim()) return "There is no token yet."
    setToken(input.value.trim())
    app.head.token()
    return null
  }, "primary"]])
}

// A configuration to try next

function control(entry, id) {
  if (entry.values) {
    return h("select", { id }, h("option", { value: "" }, "default"), entry.values.map((one, index) => h("option", { value: index }, oneLine(one))))
  }
  return h("input", { id, type: "text", inputmode: entry.whole ? "numeric" : "decimal", placeholder: `${value(entry.lower)} … ${value(entry.upper)}`, autocomplete: "off" })
}

function chosen(entry, input) {
  if (input.value === "") return undefined
  if (entry.values) return entry.values[Number(input.value)]
  const given = Number(input.value)
  if (!Number.isFinite(given)) throw new Error(`${name(entry.name)} must be a number.`)
  if (entry.whole && !Number.isInteger(given)) throw new Error(`${name(entry.name)} must be a whole number.`)
  if (given < entry.lower || given > entry.upper) throw new Error(`${name(entry.name)} must be ${value(entry.lower)} … ${value(entry.upper)}.`)
  return given
}

export function enqueue(app) {
  const fields = app.run.space.filter((entry) => entry.type !== "constant").map((entry) => {
    const id = freshId("parameter")
    return { entry, input: control(entry, id), id }
  })
  dialog("Try a configuration next", [
    h("p", null, "What is left empty gets its default value."),
    h("div.fields", null, fields.map(({ entry, input, id }) => h("div.field", null, h("label", { for: id, title: oneLine(entry.name) }, name(entry.name, 32)), input))),
  ], [["Cancel", null], ["Enqueue", () => {
    try {
      const pairs = fields.map(({ entry, input }) => [entry.name, chosen(entry, input)]).filter(([, given]) => given !== undefined)
      return send(app, { op: "enqueue", configuration: Object.fromEntries(pairs) })
    } catch (error) {
      return error.message
    }
  }, "primary"]])
}

const LIMITS = {
  max_num_trials_started: "Trials started", max_num_trials_completed: "Trials completed", max_num_trials_finished: "Trials finished",
  max_num_evaluations: "Reports", max_wallclock_time: "Active hours", max_cost: "Cost",
}

export function extend(app) {
  const fields = Object.entries(LIMITS).map(([key, title]) => {
    const id = freshId("limit")
    const known = app.run.limits.find((limit) => limit.name === key)
    const shown = key === "max_wallclock_time" && known ? duration(known.limit) : known && value(known.limit)
    return { key, id, title, shown, known, input: h("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", placeholder: shown ? `now ${shown}` : "no limit" }) }
  }).filter(({ key, known }) => known || key === "max_num_trials_started" || key === "max_wallclock_time")
  dialog("Extend the search", [
    h("p", null, "New limits, in place of those there are. What is left empty stays."),
    h("div.fields", null, fields.map(({ id, title, input }) => h("div.field", null, h("label", { for: id }, title), input))),
  ], [["Cancel", null], ["Extend", () => {
    const body = { op: "extend" }
    for (const { key, title, input } of fields) {
      if (input.value.trim() === "") continue
      const given = Number(input.value)
      if (!(given > 0)) return `${title} must be a number above 0.`
      if (key.startsWith("max_num") && !Number.isInteger(given)) return `${title} must be a whole number.`
      body[key] = key === "max_wallclock_time" ? given * 3600 : given
    }
    return Object.keys(body).length > 1 ? send(app, body) : "Nothing is to be changed yet."
  }, "primary"]])
}
