// What can be told to the run. What cannot be undone is asked for once more.

import { access, command, setToken } from "./api.js"
import { dialog } from "./dialog.js"
import { freshId, h, say, toast } from "./dom.js"
import { count, duration, name, oneLine, value } from "./format.js"

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

/** A token by itself, or the address that ends with one. */
const tokenOf = (text) => /[#&]token=([^&\s]+)/.exec(text)?.[1] ?? text.trim()

export function tokenDialog(app) {
  const id = freshId("token")
  const input = h("input", { id, type: "password", autocomplete: "off", spellcheck: "false" })
  const run = app.run?.run
  const place = ["the file ", h("code", null, "page.token"), " of the run's folder, and in the address that ", h("code", null, `pasha-coord page${run ? " " + oneLine(run) : ""}`), " prints"]
  dialog(app.run ? "Unlock commands" : "Show the run", [
    h("p", null, app.run ? "Commands need" : "Reading needs", " the run's token. It is in ", place, ". Either may be put here."),
    h("div.field", null, h("label", { for: id }, "Token"), input),
  ], [["Cancel", null], ["Unlock", async () => {
    const given = tokenOf(input.value)
    if (!given) return "There is no token yet."
    try {
      if ((await access(given)).token !== "right") {
        return "This is not the token of this run: each run has its own. The right one is in the file page.token of this run's folder, on the machine that serves the page."
      }
    } catch (error) {
      return `It could not be checked: ${error.message}`
    }
    setToken(given)
    app.unlocked()
    toast("Commands are unlocked in this tab.", "good")
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

// More trials, more time

const LIMITS = {
  max_num_trials_started: "More trials started", max_num_trials_completed: "More trials completed", max_num_trials_finished: "More trials finished",
  max_num_evaluations: "More reports", max_wallclock_time: "More time", max_cost: "More cost",
}

const SIZES = { s: 1, sec: 1, seconds: 1, m: 60, min: 60, minutes: 60, h: 3600, hours: 3600, d: 86400, days: 86400 }

/** The seconds of `90m`, `2h`, `1h30m`; null: it is none. A number alone could be anything. */
function seconds(text) {
  let [total, last] = [0, Infinity]
  const rest = text.replaceAll(" ", "").replace(/([0-9]+(?:\.[0-9]+)?)([a-z]+)/g, (whole, digits, unit) => {
    const size = Object.hasOwn(SIZES, unit) && SIZES[unit] < last ? SIZES[unit] : NaN
    total += Number(digits) * size
    last = size
    return ""
  })
  return rest === "" && total > 0 ? total : null
}

function limitField({ name: key, limit, used }) {
  const [id, isTime, isCount, title] = [freshId("limit"), key === "max_wallclock_time", key.startsWith("max_num"), LIMITS[key]]
  const write = isTime ? duration : isCount ? count : (n) => value(n)
  const base = Math.max(limit, used ?? 0)
  const input = h("input", { id, type: "text", inputmode: isTime ? "text" : "decimal", autocomplete: "off", placeholder: isTime ? "none; 30m, 2h …" : "none", oninput: () => show() })
  const output = h("output", { for: id })
  /** What is given: nothing, so much, or what is wrong with it. */
  const read = () => {
    const text = input.value.trim()
    if (text === "") return { more: null }
    const more = isTime ? seconds(text) : Number(text)
    if (isTime && more === null) return { wrong: "Time is written with its unit, as 30m, 2h or 1h30m." }
    if (!(more > 0) || !Number.isFinite(more)) return { wrong: `${title}: it must be a number above 0.` }
    if (isCount && !Number.isInteger(more)) return { wrong: `${title}: it must be a whole number.` }
    return { more }
  }
  const show = () => {
    const { more } = read()
    const hasSum = more !== null && more !== undefined
    output.className = hasSum ? "sum" : ""
    say(output, hasSum ? `${write(base)} + ${write(more)} = ${write(base + more)}` : `now ${write(limit)}, ${write(used ?? 0)} used`)
  }
  show()
  return { key, read, element: h("div.field", null, h("label", { for: id }, title), input, output) }
}

export function extend(app) {
  const fields = app.run.limits.filter((limit) => Object.hasOwn(LIMITS, limit.name)).map(limitField)
  if (fields.length === 0) {
    dialog("Extend the search", h("p", null, "This run has no limit of trials, time or cost that it could have more of: it goes on until it is stopped."), [["Close", null]])
    return
  }
  dialog("Extend the search", [
    h("p", null, "What you give comes on top of the present limits, as with ", h("code.whole", null, "pasha-coord extend"), ". What is left empty stays as it is."),
    h("div.fields.sums", null, fields.map((field) => field.element)),
  ], [["Cancel", null], ["Extend", () => {
    const more = {}
    for (const { key, read } of fields) {
      const given = read()
      if (given.wrong) return given.wrong
      if (given.more !== null) more[key] = given.more
    }
    return Object.keys(more).length > 0 ? send(app, { op: "extend", more }) : "Nothing is given yet."
  }, "primary"]])
}
