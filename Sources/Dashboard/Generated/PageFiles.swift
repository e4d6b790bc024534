// swift-format-ignore-file
// Made by Cluster/generate-page from the files of Sources/Dashboard/Page. Not to be changed here.

/// The files of the page, by path.
enum PageFiles {
  static let all: [String: PageFile] = [
    "/api.js": PageFile(type: "text/javascript; charset=utf-8", tag: "754bf3f45f04ef1d", text: file0),
    "/chart-best.js": PageFile(type: "text/javascript; charset=utf-8", tag: "3ecdb0c39f19525a", text: file1),
    "/chart-curves.js": PageFile(type: "text/javascript; charset=utf-8", tag: "628a084b3e2ffb33", text: file2),
    "/chart-maximum.js": PageFile(type: "text/javascript; charset=utf-8", tag: "41c378e1e5dbaca3", text: file3),
    "/chart-parallel.js": PageFile(type: "text/javascript; charset=utf-8", tag: "49a70995111af31f", text: file4),
    "/chart-timeline.js": PageFile(type: "text/javascript; charset=utf-8", tag: "1f3f4928778ffd1c", text: file5),
    "/chart-trial.js": PageFile(type: "text/javascript; charset=utf-8", tag: "f6f0781a7b780262", text: file6),
    "/commands.js": PageFile(type: "text/javascript; charset=utf-8", tag: "588c78acbad9c412", text: file7),
    "/dialog.js": PageFile(type: "text/javascript; charset=utf-8", tag: "5245b74b9164238f", text: file8),
    "/dom.js": PageFile(type: "text/javascript; charset=utf-8", tag: "e38018ece3463a1c", text: file9),
    "/event-list.js": PageFile(type: "text/javascript; charset=utf-8", tag: "91cc82ab8c3746a0", text: file10),
    "/format.js": PageFile(type: "text/javascript; charset=utf-8", tag: "a3a634fbfcf7ff2b", text: file11),
    "/head.js": PageFile(type: "text/javascript; charset=utf-8", tag: "9eff388d4c4d462a", text: file12),
    "/help.js": PageFile(type: "text/javascript; charset=utf-8", tag: "0b361f29744bf6fd", text: file13),
    "/host-strip.js": PageFile(type: "text/javascript; charset=utf-8", tag: "39ef9ab6569ad3a9", text: file14),
    "/icon.svg": PageFile(type: "image/svg+xml", tag: "6cb4ae5786cf9692", text: file15),
    "/index.html": PageFile(type: "text/html; charset=utf-8", tag: "5dda99e780afa1ce", text: file16),
    "/ladder.js": PageFile(type: "text/javascript; charset=utf-8", tag: "c690a951ef1d33f5", text: file17),
    "/log.js": PageFile(type: "text/javascript; charset=utf-8", tag: "28891c4035108d3b", text: file18),
    "/main.js": PageFile(type: "text/javascript; charset=utf-8", tag: "be66ea504119bbf5", text: file19),
    "/palette.js": PageFile(type: "text/javascript; charset=utf-8", tag: "9c41657cf5e894b5", text: file20),
    "/parts.js": PageFile(type: "text/javascript; charset=utf-8", tag: "e714125575379404", text: file21),
    "/plot.js": PageFile(type: "text/javascript; charset=utf-8", tag: "15a17a82691a4628", text: file22),
    "/scale.js": PageFile(type: "text/javascript; charset=utf-8", tag: "d6e7c06910d5abcf", text: file23),
    "/slope.js": PageFile(type: "text/javascript; charset=utf-8", tag: "5baff6625257860e", text: file24),
    "/source.js": PageFile(type: "text/javascript; charset=utf-8", tag: "a31066d7e7a0c842", text: file25),
    "/start.js": PageFile(type: "text/javascript; charset=utf-8", tag: "44d1b384f07fe25f", text: file26),
    "/style.css": PageFile(type: "text/css; charset=utf-8", tag: "c3c97fa1d9417be2", text: file27),
    "/view-curves.js": PageFile(type: "text/javascript; charset=utf-8", tag: "4a1cdaa79f9f2fd3", text: file28),
    "/view-events.js": PageFile(type: "text/javascript; charset=utf-8", tag: "4900127be1aed848", text: file29),
    "/view-hosts.js": PageFile(type: "text/javascript; charset=utf-8", tag: "0d643f058b869f00", text: file30),
    "/view-overview.js": PageFile(type: "text/javascript; charset=utf-8", tag: "f35c4808a441116e", text: file31),
    "/view-parameters.js": PageFile(type: "text/javascript; charset=utf-8", tag: "692303b970e3687d", text: file32),
    "/view-rungs.js": PageFile(type: "text/javascript; charset=utf-8", tag: "646de0e2aff77c64", text: file33),
    "/view-trial.js": PageFile(type: "text/javascript; charset=utf-8", tag: "6ecf8a92eb6c499c", text: file34),
    "/view-trials.js": PageFile(type: "text/javascript; charset=utf-8", tag: "1db9ec984e746a9f", text: file35),
    "/views.css": PageFile(type: "text/css; charset=utf-8", tag: "ffade5d83cb3c4f2", text: file36),
  ]
}

private let file0: StaticString = ###"""
// Asking the server, and its news.

const BASE = "api/v1/"
let token = null
try {
  token = sessionStorage.getItem("pasha-token")
} catch {
  // Without storage the token lasts as long as the page.
}

export const hasToken = () => token !== null
export function setToken(text) {
  token = text || null
  try {
    if (token) sessionStorage.setItem("pasha-token", token)
    else sessionStorage.removeItem("pasha-token")
  } catch {
    // As above.
  }
}

/** The token of an address such as `…/#token=…`, which is taken out of it; whether there was one. */
export function takeToken() {
  const match = /^#token=([^&]+)(?:&(.*))?$/.exec(location.hash)
  if (!match) return false
  try {
    setToken(decodeURIComponent(match[1]))
  } catch {
    setToken(match[1])
  }
  history.replaceState(null, "", location.pathname + location.search + (match[2] ? "#" + match[2] : ""))
  return true
}

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

// What is no text of a header is no token either.
const bearer = (text) => (text && /^[\x21-\x7e]+$/.test(text) ? { Authorization: `Bearer ${text}` } : {})

/** What the server makes of a token: `token` is "right", "wrong" or "missing"; and whether reading needs it. */
export async function access(text = token) {
  return answer(await fetch(BASE + "access", { headers: bearer(text), cache: "no-store" }))
}

/** The token goes along where reading needs it, and nowhere else: whether it does is asked once. */
let guarded = null
async function readingHeaders() {
  if (!token) return {}
  guarded ??= access(null).then((found) => found.reading_needs_token)
  try {
    return (await guarded) ? bearer(token) : {}
  } catch (error) {
    guarded = null
    throw error
  }
}

function address(path, query) {
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "" && value.length !== 0) words.set(key, Array.isArray(value) ? value.join(",") : value)
  }
  const text = words.toString().replaceAll("%2C", ",")
  return BASE + path + (text ? "?" + text : "")
}

async function answer(response) {
  let body = null
  try {
    body = await response.json()
  } catch {
    if (response.ok) throw new ApiError(response.status, "unreadable", "The server's answer could not be read.")
  }
  if (response.ok) return body
  // Another server may be there by now.
  if (response.status === 401) guarded = null
  const error = body?.error
  throw new ApiError(response.status, error?.code ?? "error", error?.message ?? `The server answered ${response.status}.`)
}

const ask = async (path, query, signal) => fetch(address(path, query), { headers: await readingHeaders(), cache: "no-store", signal })

export async function get(path, query, signal) {
  return answer(await ask(path, query, signal))
}

/** The same as a text, for telling whether it is another one than before. */
export async function getText(path, query, signal) {
  const response = await ask(path, query, signal)
  if (!response.ok) await answer(response)
  return response.text()
}

export async function command(body) {
  const response = await fetch(BASE + "commands", {
    method: "POST",
    headers: { ...bearer(token), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  })
  return answer(response)
}

/**
 * The stream of news, connected anew whenever it breaks. By `fetch` and not `EventSource`, since that sends no token.
 * `on` has `state("live" | "connecting" | "lost" | "locked" | "over", seconds)`, `changed(data)`, `line(event)`.
 */
export class Stream {
  constructor(on) {
    this.on = on
    this.last = null
    this.failures = 0
    this.over = false
    this.isGone = false
    this.run()
    addEventListener("online", () => this.wake?.())
    document.addEventListener("visibilitychange", () => this.look())
    addEventListener("pagehide", () => ((this.isGone = true), this.look()))
    addEventListener("pageshow", () => ((this.isGone = false), this.look()))
  }

  /** At once, however long it was to wait. */
  retry() {
    this.wake?.()
  }

  // A browser has six connections to one server: a page that nobody sees holds none of them.
  get isUnseen() {
    return document.hidden || this.isGone
  }

  look() {
    if (this.isUnseen) this.abort?.abort()
    else {
      this.wake?.()
      this.seen?.()
    }
  }

  async run() {
    while (!this.over) {
      if (this.isUnseen) {
        await new Promise((resolve) => (this.seen = resolve))
        this.seen = null
        this.on.state("connecting")
        continue
      }
      try {
        await this.read()
      } catch {
        // Told by the state below.
      }
      if (this.over) break
      if (this.isUnseen) continue
      if (this.isLocked) {
        // Without the token it is the same however often it is tried.
        this.on.state("locked")
        await new Promise((resolve) => (this.wake = resolve))
        this.wake = null
        this.on.state("connecting")
        continue
      }
      this.failures += 1
      const wait = Math.min(30, 0.5 * 2 ** Math.min(this.failures - 1, 6)) * (0.8 + 0.4 * Math.random())
      this.on.state("lost", wait)
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait * 1000)
        this.wake = () => (clearTimeout(timer), resolve())
      })
      this.wake = null
      this.on.state("connecting")
    }
    this.on.state("over")
  }

  async read() {
    const abort = (this.abort = new AbortController())
    let alive = Date.now()
    // A connection that says nothing for 40 s is dead, whatever the system thinks of it.
    const watch = setInterval(() => Date.now() - alive > 40000 && abort.abort(), 5000)
    try {
      const from = this.last === null ? {} : { "Last-Event-ID": String(this.last) }
      const response = await fetch(BASE + "stream", { headers: { ...(await readingHeaders()), ...from }, cache: "no-store", signal: abort.signal })
      this.isLocked = response.status === 401
      if (this.isLocked) guarded = null
      if (!response.ok || !response.body) return
      this.failures = 0
      this.on.state("live")
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      let rest = ""
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        alive = Date.now()
        const blocks = (rest + value).split(/\r?\n\r?\n/)
        rest = blocks.pop()
        for (const block of blocks) this.take(block)
      }
    } finally {
      clearInterval(watch)
    }
  }

  take(block) {
    let [kind, data] = ["message", ""]
    for (const line of block.split(/\r?\n/)) {
      const match = /^(event|data|id): ?(.*)$/.exec(line)
      if (match?.[1] === "event") kind = match[2]
      else if (match?.[1] === "data") data += match[2]
      else if (match?.[1] === "id" && /^[0-9]+$/.test(match[2])) this.last = Number(match[2])
    }
    if (kind === "end") this.over = true
    else if (kind === "changed" || kind === "line") this.on[kind](JSON.parse(data))
  }
}

"""###

private let file1: StaticString = ###"""
// The best value so far, over time or over the resource spent, above the cloud of all trials' results.

import { brief, compact, duration, isFinite_, name, number, value } from "./format.js"
import { colours, rungColour } from "./palette.js"
import { Plot } from "./plot.js"
import { Scale, durationTicks, fittingDomain, valueTick } from "./scale.js"

export class BestChart {
  constructor(app) {
    this.app = app
    this.data = null
    this.plot = new Plot({
      label: "The best value so far", class: "tall", margin: { left: 58 }, draw: (plot) => this.draw(plot),
      pick: (x, y) => this.pick(x, y), step: (thing, dx) => this.step(thing, dx), describe: (thing) => this.describe(thing),
      marks: (plot, thing) => thing && plot.dot(this.x.at(thing.x), this.y.at(this.clamp(thing.value)), thing.colour, 5),
      activate: (thing) => (location.hash = `#/trials/${thing.trial}`),
    })
    this.element = this.plot.element
  }

  set(data) {
    const levels = this.levels = (this.app.run.brackets[0]?.levels.length ?? 0) + 1
    const read = (item) => ({ ...item, value: number(item.value) })
    this.steps = data.steps.map(read).filter((item) => isFinite_(item.value))
    this.dots = data.results.map(read).filter((item) => isFinite_(item.value)).map((item) => ({ ...item, level: Math.min(item.level, levels) }))
    this.data = data
    const last = this.steps.at(-1)
    this.plot.label = last ? `Best ${name(this.app.run.metric)} so far: ${value(last.value)} by trial ${last.trial}, in ${this.steps.length} steps.` : "Best value so far: none yet."
    this.plot.redraw()
  }

  clamp(given) {
    return Math.min(this.y.high, Math.max(this.y.low, given))
  }

  draw(plot) {
    if (!this.data) return
    const { context } = plot
    const { left, right, top, bottom } = plot.inner
    const colour = colours()
    const isTime = this.data.x === "time"
    const mode = this.app.run.mode
    const domain = fittingDomain([...this.steps, ...this.dots].map((item) => item.value), mode) ?? { low: 0, high: 1, log: false }
    this.x = new Scale([0, this.data.end || 1], [left, right])
    this.y = new Scale([domain.low, domain.high], [bottom, top], domain.log)
    const count = Math.max(2, Math.floor((right - left) / 90))
    plot.xAxis(this.x, isTime ? durationTicks(0, this.x.high, count) : this.x.ticks(count), isTime ? brief : compact)
    plot.yAxis(this.y, this.y.ticks(Math.max(2, Math.floor((bottom - top) / 48))), valueTick)
    plot.clip(4)
    const size = this.dots.length > 1500 ? 1.6 : this.dots.length > 300 ? 2 : 2.8
    for (let level = 0; level <= this.levels; level++) {
      context.fillStyle = rungColour(level, this.levels)
      context.globalAlpha = this.dots.length > 600 && level < 2 ? 0.55 : 0.85
      context.beginPath()
      for (const dot of this.dots) {
        if (dot.level !== level) continue
        const [x, y] = [this.x.at(dot.x), this.y.at(this.clamp(dot.value))]
        context.moveTo(x + size, y)
        context.arc(x, y, size, 0, 2 * Math.PI)
      }
      context.fill()
    }
    context.globalAlpha = 1
    if (this.steps.length) {
      context.beginPath()
      this.steps.forEach((item, index) => {
        const [x, y] = [this.x.at(item.x), this.y.at(this.clamp(item.value))]
        if (index === 0) context.moveTo(x, y)
        else {
          context.lineTo(x, this.y.at(this.clamp(this.steps[index - 1].value)))
          context.lineTo(x, y)
        }
      })
      context.lineTo(this.x.at(this.x.high), this.y.at(this.clamp(this.steps.at(-1).value)))
      context.lineJoin = "round"
      context.strokeStyle = colour.panel
      context.lineWidth = 5
      context.stroke()
      context.strokeStyle = colour.accent
      context.lineWidth = 2.25
      context.stroke()
    }
    context.restore()
  }

  pick(px, py) {
    if (!this.x) return null
    let [best, least] = [null, 24 * 24]
    for (const item of this.dots) {
      const distance = (this.x.at(item.x) - px) ** 2 + (this.y.at(this.clamp(item.value)) - py) ** 2
      if (distance < least) [best, least] = [{ ...item, colour: rungColour(item.level, this.levels), isStep: false }, distance]
    }
    const at = this.steps.findLast((item) => this.x.at(item.x) <= px)
    if (at && Math.abs(this.y.at(this.clamp(at.value)) - py) ** 2 < least) best = { ...at, colour: colours().accent, isStep: true }
    return best
  }

  step(thing, dx) {
    if (!this.steps?.length) return null
    const here = thing ? this.steps.findIndex((item) => item.trial === thing.trial && item.x === thing.x) : -1
    const next = here < 0 ? this.steps.length - 1 : Math.min(this.steps.length - 1, Math.max(0, here + dx))
    return { ...this.steps[next], colour: colours().accent, isStep: true }
  }

  describe(thing) {
    const run = this.app.run
    const place = this.data.x === "time" ? `after ${duration(thing.x)}` : `after ${compact(Math.round(thing.x))} ${name(run.resource_attr, 20)}s`
    return {
      x: this.x.at(thing.x), y: this.y.at(this.clamp(thing.value)), title: `${value(thing.value)} – trial ${thing.trial}`,
      lines: thing.isStep ? [`the best from here on, at ${name(run.resource_attr, 20)} ${thing.resource}`, place] : [place],
    }
  }

  close() {
    this.plot.close()
  }
}

"""###

private let file2: StaticString = ###"""
// Learning curves of many trials, coloured by the rung that each reached.

import { isFinite_, name, number, plural, value } from "./format.js"
import { colours, rungColour } from "./palette.js"
import { Plot } from "./plot.js"
import { Scale, fittingDomain, valueTick } from "./scale.js"
import { s } from "./dom.js"

export class CurvesChart {
  constructor(app, { tall = "taller" } = {}) {
    this.app = app
    this.curves = []
    this.isLogX = app.run.max_t > 30
    this.isLogY = null
    this.plot = new Plot({
      label: "Learning curves", class: tall, margin: { left: 58, top: 22 }, draw: (plot) => this.draw(plot),
      pick: (x, y) => this.pick(x, y), step: (thing, dx, dy) => this.step(thing, dx, dy), describe: (thing) => this.describe(thing),
      marks: (plot, thing) => this.marks(plot, thing), activate: (thing) => (location.hash = `#/trials/${thing.curve.trial}`),
    })
    this.element = this.plot.element
  }

  set(data) {
    this.milestones = data.milestones
    this.levels = data.milestones.length
    this.curves = data.curves.map((curve) => {
      const pairs = curve.points.map(([at, given]) => [at, number(given)]).filter(([, given]) => isFinite_(given))
      return { ...curve, xs: Float64Array.from(pairs, ([at]) => at), ys: Float64Array.from(pairs, ([, given]) => given) }
    })
    this.ranked = [...this.curves]
    // Those that went furthest are drawn last, above the others.
    this.curves.sort((a, b) => a.level - b.level)
    this.plot.label = `Learning curves of ${plural(this.curves.length, "trial")}.`
    this.plot.redraw()
  }

  draw(plot) {
    const { context } = plot
    const { left, right, top, bottom } = plot.inner
    const values = []
    let furthest = 1
    for (const curve of this.curves) {
      for (const given of curve.ys) values.push(given)
      furthest = Math.max(furthest, curve.xs.at(-1) ?? 1)
    }
    const run = this.app.run
    const domain = fittingDomain(values, run.mode) ?? { low: 0, high: 1, log: false }
    const stones = this.milestones ?? []
    const end = Math.max(furthest, stones.find((stone) => stone >= furthest) ?? furthest, 2)
    const log = this.isLogX
    this.x = new Scale([log ? Math.min(1, stones[0] ?? 1) : 0, end * (log ? 1.06 : 1.02)], [left, right], log)
    this.y = new Scale([domain.low, domain.high], [bottom, top], this.isLogY ?? domain.log)
    const shown = stones.filter((stone) => stone <= this.x.high)
    plot.yAxis(this.y, this.y.ticks(Math.max(2, Math.floor((bottom - top) / 48))), valueTick)
    plot.xAxis(this.x, shown.length > 1 && log ? [...new Set([1, ...shown])] : this.x.ticks(Math.floor((right - left) / 80)).filter(Number.isInteger), (at) => String(at), null)
    this.drawMilestones(plot, shown)
    plot.clip()
    context.lineJoin = "round"
    const many = this.curves.length
    for (const curve of this.curves) {
      this.trace(context, curve)
      context.globalAlpha = many > 120 ? (curve.level <= 1 ? 0.4 : 0.75) : 0.9
      context.strokeStyle = context.fillStyle = rungColour(curve.level, this.levels)
      context.lineWidth = many > 200 ? 1 : many > 60 ? 1.25 : 1.6
      context.stroke()
      if (curve.xs.length === 1 || (curve.status === "running" && curve.xs.length)) {
        context.globalAlpha = 1
        context.beginPath()
        context.arc(this.x.at(curve.xs.at(-1)), this.y.at(curve.ys.at(-1)), 2.6, 0, 2 * Math.PI)
        context.fill()
      }
    }
    context.restore()
    context.globalAlpha = 1
  }

  trace(context, curve) {
    context.beginPath()
    for (let index = 0; index < curve.xs.length; index++) context.lineTo(this.x.at(curve.xs[index]), this.y.at(curve.ys[index]))
  }

  drawMilestones(plot, stones) {
    const { top, bottom } = plot.inner
    stones.forEach((stone) => {
      const level = this.milestones.indexOf(stone) + 1
      const x = Math.round(this.x.at(stone)) + 0.5
      const colour = rungColour(level, this.levels)
      plot.axes.append(s("line", { x1: x, x2: x, y1: top - 6, y2: bottom, stroke: colour, "stroke-width": 1, "stroke-dasharray": "2 3", opacity: 0.7 }),
        s("path", { d: `M${x - 4} ${top - 14}h8l-4 7z`, fill: colour }))
    })
  }

  marks(plot, thing) {
    if (!thing) return
    const { curve, index } = thing
    const colour = rungColour(curve.level, this.levels)
    const points = []
    for (let at = 0; at < curve.xs.length; at++) points.push(`${this.x.at(curve.xs[at]).toFixed(1)},${this.y.at(curve.ys[at]).toFixed(1)}`)
    plot.marks.append(s("polyline", { points: points.join(" "), fill: "none", stroke: colours().panel, "stroke-width": 6, "stroke-linejoin": "round" }),
      s("polyline", { points: points.join(" "), fill: "none", stroke: colour, "stroke-width": 2.6, "stroke-linejoin": "round" }))
    plot.dot(this.x.at(curve.xs[index]), this.y.at(curve.ys[index]), colour, 5)
  }

  pick(px, py) {
    if (!this.x) return null
    let [best, least] = [null, 22 * 22]
    for (const curve of this.curves) {
      // Distance to the segment under the pointer, then to the nearer of its ends.
      const index = nearest(curve.xs, this.x.invert(px))
      for (const at of [index - 1, index]) {
        if (at < 0 || at + 1 > curve.xs.length - 1) {
          if (at < 0 || at >= curve.xs.length) continue
        }
        const [x1, y1] = [this.x.at(curve.xs[at]), this.y.at(curve.ys[at])]
        const next = Math.min(at + 1, curve.xs.length - 1)
        const [x2, y2] = [this.x.at(curve.xs[next]), this.y.at(curve.ys[next])]
        const length = (x2 - x1) ** 2 + (y2 - y1) ** 2
        const part = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length))
        const distance = (x1 + part * (x2 - x1) - px) ** 2 + (y1 + part * (y2 - y1) - py) ** 2
        if (distance < least) [best, least] = [{ curve, index: part < 0.5 ? at : next }, distance]
      }
    }
    return best
  }

  step(thing, dx, dy) {
    const there = this.ranked?.filter((curve) => curve.xs.length) ?? []
    if (!there.length) return null
    const current = thing && there.find((curve) => curve.trial === thing.curve.trial)
    if (!current) return { curve: there[0], index: there[0].xs.length - 1 }
    const curve = there[Math.min(there.length - 1, Math.max(0, there.indexOf(current) + dy))]
    const index = Math.min(curve.xs.length - 1, Math.max(0, (dy ? curve.xs.length - 1 : thing.index) + dx))
    return { curve, index }
  }

  describe({ curve, index }) {
    const resource = name(this.app.run.resource_attr, 20)
    return {
      x: this.x.at(curve.xs[index]), y: this.y.at(curve.ys[index]), title: `Trial ${curve.trial}, ${curve.status}`,
      lines: [`${value(curve.ys[index])} at ${resource} ${curve.xs[index]}`, `best ${value(curve.value)}; ${resource} ${curve.resource}, to ${curve.milestone}`],
    }
  }

  close() {
    this.plot.close()
  }
}

/** The place of the value nearest from below or above in an ordered list. */
function nearest(list, wanted) {
  let [low, high] = [0, list.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle] < wanted) low = middle + 1
    else high = middle
  }
  return low
}

"""###

private let file3: StaticString = ###"""
// The current maximum resource over the run's active time.

import { brief, duration, name } from "./format.js"
import { s } from "./dom.js"
import { colours, rungColour } from "./palette.js"
import { Plot } from "./plot.js"
import { Scale, durationTicks } from "./scale.js"

export class MaximumChart {
  constructor(app) {
    this.app = app
    this.brackets = []
    this.plot = new Plot({
      label: "The current maximum resource over time", class: "short", margin: { left: 58, top: 16 }, draw: (plot) => this.draw(plot),
      pick: (x, y) => this.pick(x, y), step: (thing, dx) => this.step(thing, dx), describe: (thing) => this.describe(thing),
      marks: (plot, thing) => thing && plot.dot(this.x.at(thing.active_seconds), this.y.at(thing.to), colours().accent, 6),
      activate: (thing) => (location.hash = `#/trials/${thing.trial}`),
    })
    this.element = this.plot.element
  }

  set(brackets) {
    this.brackets = brackets
    this.plot.label = `The maximum is ${brackets.map((one) => one.maximum).join(", ")} of ${this.app.run.max_t}; it rose ${this.rises.length} times.`
    this.plot.redraw()
  }

  get rises() {
    return this.brackets.flatMap((bracket) => bracket.rises)
  }

  draw(plot) {
    const { left, right, top, bottom } = plot.inner
    const run = this.app.run
    const levels = this.brackets[0]?.rungs.map((rung) => rung.level) ?? [1, run.max_t]
    this.x = new Scale([0, run.active_seconds || 1], [left, right])
    this.y = new Scale([levels[0] / 1.3, run.max_t * 1.15], [bottom, top], true)
    plot.yAxis(this.y, levels, String)
    plot.xAxis(this.x, durationTicks(0, this.x.high, Math.max(2, Math.floor((right - left) / 90))), brief)
    for (const bracket of this.brackets) {
      let path = `M${this.x.at(0)} ${this.y.at(bracket.first_maximum)}`
      for (const rise of bracket.rises) path += `H${this.x.at(rise.active_seconds).toFixed(1)}V${this.y.at(rise.to).toFixed(1)}`
      path += `H${this.x.at(this.x.high)}`
      plot.axes.append(s("path.area", { d: `${path}V${bottom}H${this.x.at(0)}Z` }), s("path.step", { d: path }))
      for (const rise of bracket.rises) {
        const at = levels.indexOf(rise.to)
        plot.axes.append(s("circle", { cx: this.x.at(rise.active_seconds), cy: this.y.at(rise.to), r: 4.5, fill: rungColour(at + 1, levels.length), stroke: colours().panel, "stroke-width": 2 }))
      }
    }
  }

  pick(px, py) {
    if (!this.x) return null
    let [best, least] = [null, 30 * 30]
    for (const rise of this.rises) {
      const distance = (this.x.at(rise.active_seconds) - px) ** 2 + (this.y.at(rise.to) - py) ** 2
      if (distance < least) [best, least] = [rise, distance]
    }
    return best
  }

  step(thing, dx) {
    const rises = this.rises
    if (!rises.length) return null
    return rises[thing ? Math.min(rises.length - 1, Math.max(0, rises.indexOf(thing) + dx)) : 0]
  }

  describe(rise) {
    return {
      x: this.x.at(rise.active_seconds), y: this.y.at(rise.to), title: `${name(this.app.run.resource_attr, 20)} ${rise.from} → ${rise.to}`,
      lines: [`after ${duration(rise.active_seconds)}`, `trial ${rise.trial} took the place of trial ${rise.holder}`],
    }
  }

  close() {
    this.plot.close()
  }
}

"""###

private let file4: StaticString = ###"""
// Parallel coordinates: a line for each configuration, an axis for each hyperparameter, the metric's last. Ranges can be
// chosen on each axis, by dragging or by keys.

import { freshId, h, replace, s } from "./dom.js"
import { isFinite_, name, number, oneLine, parameter, value } from "./format.js"
import { colours, scaleColour } from "./palette.js"
import { Plot } from "./plot.js"
import { Scale, fittingDomain } from "./scale.js"

export class ParallelChart {
  constructor(app, on) {
    this.app = app
    this.on = on
    this.rows = []
    this.brushes = new Map()
    this.plot = new Plot({
      label: "Parallel coordinates", class: "taller over", margin: { left: 44, right: 44, top: 46, bottom: 30 }, draw: (plot) => this.draw(plot),
      pick: (x, y) => this.pick(x, y), step: (thing, dx, dy) => this.step(thing, dx || dy), describe: (thing) => this.describe(thing),
      marks: (plot, thing) => this.marks(plot, thing), activate: (thing) => (location.hash = `#/trials/${thing.trial}`),
    })
    this.handles = h("div.handles")
    this.plot.element.append(this.handles)
    this.element = h("div.scroll.parallel", null, this.plot.element)
  }

  set(data) {
    const run = this.app.run
    const entries = data.names.map((key) => run.space.find((entry) => entry.name === key)).filter(Boolean)
    this.rows = data.rows.map((row) => ({ ...row, value: number(row.value) }))
    const values = this.rows.map((row) => row.value).filter(isFinite_)
    this.domain = fittingDomain(values, run.mode)
    // Places by rank and not by value, so that colours tell the best apart even where values crowd.
    const order = values.slice().sort((a, b) => (run.mode === "min" ? a - b : b - a))
    const place = new Map(order.map((given, index) => [given, 1 - index / Math.max(1, order.length - 1)]))
    for (const row of this.rows) row.place = place.get(row.value) ?? 0
    this.rows.sort((a, b) => a.place - b.place)
    this.columns = entries.map((entry, index) => ({ key: entry.name, title: name(entry.name, 22), entry, read: (row) => row.values[index] }))
    this.columns.push({ key: null, title: name(run.metric, 22), entry: null, read: (row) => row.value })
    this.element.style.setProperty("--axes", String(this.columns.length))
    this.plot.label = `Parallel coordinates of ${this.rows.length} configurations.`
    this.filter()
  }

  scale(column, [bottom, top]) {
    const { entry } = column
    if (!entry) return this.domain ? new Scale([this.domain.low, this.domain.high], this.app.run.mode === "min" ? [top, bottom] : [bottom, top], this.domain.log) : new Scale([0, 1], [bottom, top])
    if (entry.values) {
      const scale = new Scale([0, Math.max(1, entry.values.length - 1)], [bottom, top])
      const places = new Map(entry.values.map((one, index) => [one, index]))
      return { at: (given) => scale.at(places.get(given) ?? 0), ticks: () => entry.values, invert: (pixel) => scale.invert(pixel), isList: true }
    }
    return new Scale([entry.lower, entry.upper], [bottom, top], entry.scale === "log")
  }

  draw(plot) {
    if (!this.columns) return
    const { left, right, top, bottom } = plot.inner
    const gap = (right - left) / Math.max(1, this.columns.length - 1)
    this.columns.forEach((column, index) => {
      column.x = left + index * gap
      column.scale = this.scale(column, [bottom, top])
    })
    for (const row of this.rows) row.ys = this.columns.map((column) => {
      const given = column.read(row)
      return given === null || (typeof given === "number" && !Number.isFinite(given)) ? NaN : Math.min(bottom, Math.max(top, column.scale.at(given)))
    })
    const { context } = plot
    context.lineJoin = "round"
    const kept = this.rows.filter((row) => row.kept)
    context.strokeStyle = colours().faint
    context.lineWidth = 1
    context.globalAlpha = this.rows.length > 400 ? 0.06 : 0.16
    if (kept.length < this.rows.length) for (const row of this.rows) if (!row.kept) this.trace(context, row)
    for (const row of kept) {
      // Of many, only the few best are to stand out.
      const weight = row.place ** Math.max(2, kept.length / 90)
      context.strokeStyle = scaleColour(kept.length > 400 ? row.place ** 2 * 0.8 + 0.2 * weight : row.place)
      context.globalAlpha = kept.length > 400 ? 0.07 + 0.9 * weight : 0.25 + 0.7 * weight
      context.lineWidth = row.place > 0.97 ? 1.8 : 1.1
      this.trace(context, row)
    }
    context.globalAlpha = 1
    this.axes(plot, gap)
    this.drawHandles()
  }

  trace(context, row) {
    context.beginPath()
    let before = null
    row.ys.forEach((y, index) => {
      const x = this.columns[index].x
      if (Number.isNaN(y)) return
      if (before === null) context.moveTo(x, y)
      else {
        const middle = (before[0] + x) / 2
        context.bezierCurveTo(middle, before[1], middle, y, x, y)
      }
      before = [x, y]
    })
    context.stroke()
  }

  axes(plot, gap) {
    const { top, bottom } = plot.inner
    this.columns.forEach((column, index) => {
      const { x, scale } = column
      const isMetric = column.entry === null
      const anchor = index === 0 ? "start" : isMetric ? "end" : "middle"
      const edge = index === 0 ? 2 : isMetric ? plot.width - 2 : x
      const room = Math.max(6, Math.floor((gap * 0.94) / (7 * plot.unit)))
      const title = column.title.length > room ? column.title.slice(0, room - 1) + "…" : column.title
      const group = s("g", null, s("line.axis", { x1: x, x2: x, y1: top, y2: bottom }),
        s("text.name", { x: edge, y: 16 * plot.unit, "text-anchor": anchor }, title, s("title", null, oneLine(column.key ?? this.app.run.metric))))
      const ticks = scale.ticks(6)
      const shown = ticks.length > 12 ? ticks.filter((_, at) => at % Math.ceil(ticks.length / 12) === 0) : ticks
      for (const tick of shown) {
        const y = scale.at(tick)
        const text = typeof tick === "number" ? value(tick, 3) : name(tick, Math.max(4, Math.floor(gap / 9)))
        group.append(s("line.axis", { x1: x - 3, x2: x + 3, y1: y, y2: y }),
          s("text.tick.halo", { x: isMetric ? x - 7 * plot.unit : x + 7 * plot.unit, y: y + 4 * plot.unit, "text-anchor": isMetric ? "end" : "start" }, text))
      }
      plot.axes.append(group)
    })
  }

  // Ranges

  /** Two sliders on each axis, from 0 (bottom) to 100. */
  drawHandles() {
    const { top, bottom } = this.plot.inner
    if (this.handles.childElementCount !== this.columns.length) {
      replace(this.handles, this.columns.map((column) => this.brush(column)))
    }
    this.columns.forEach((column, index) => {
      const element = this.handles.children[index]
      const [low, high] = this.range(column)
      element.style.setProperty("--x", `${column.x}px`)
      element.style.setProperty("--top", `${top}px`)
      element.style.setProperty("--high", `${bottom - top}px`)
      element.style.setProperty("--from", String(100 - high))
      element.style.setProperty("--to", String(100 - low))
      element.classList.toggle("chosen", low > 0 || high < 100)
      const say = (part) => {
        const given = column.scale.invert(bottom - (part / 100) * (bottom - top))
        return column.scale.isList ? parameter(column.entry.values[Math.round(given)]) : value(given, 4)
      }
      ;[low, high].forEach((part, end) => {
        const handle = element.querySelectorAll("[role=slider]")[end]
        handle.setAttribute("aria-valuenow", String(Math.round(part)))
        handle.setAttribute("aria-valuetext", say(part))
      })
    })
  }

  range(column) {
    return this.brushes.get(column.key) ?? [0, 100]
  }

  brush(column) {
    const title = name(column.key ?? this.app.run.metric, 40)
    const handle = (end) => {
      const element = h("div.handle", {
        tabindex: 0, role: "slider", "aria-label": `${title}, ${end ? "upper" : "lower"} end`, "aria-orientation": "vertical",
        "aria-valuemin": 0, "aria-valuemax": 100, class: end ? "upper" : "lower", id: freshId("handle"),
        onkeydown: (event) => {
          const move = { ArrowUp: 2, ArrowRight: 2, ArrowDown: -2, ArrowLeft: -2, PageUp: 10, PageDown: -10, Home: -100, End: 100 }[event.key]
          if (event.key === "Escape") this.choose(column, [0, 100])
          else if (move) this.choose(column, this.moved(this.range(column), end, this.range(column)[end] + move))
          else return
          event.preventDefault()
          event.stopPropagation()
        },
      })
      return element
    }
    const area = h("div.brush", null, h("div.range"), handle(0), handle(1))
    area.addEventListener("pointerdown", (event) => this.drag(event, column, area))
    area.addEventListener("dblclick", () => this.choose(column, [0, 100]))
    for (const kind of ["keydown", "click", "pointermove"]) area.addEventListener(kind, (event) => event.stopPropagation())
    return area
  }

  moved(range, end, to) {
    const next = [...range]
    next[end] = Math.min(end ? 100 : range[1], Math.max(end ? range[0] : 0, to))
    return next
  }

  drag(event, column, area) {
    const box = area.getBoundingClientRect()
    const at = (y) => Math.min(100, Math.max(0, 100 - (100 * (y - box.top)) / box.height))
    const from = at(event.clientY)
    const held = event.target.closest(".handle")
    const range = this.range(column)
    area.setPointerCapture(event.pointerId)
    const move = (next) => {
      if (held) this.choose(column, this.moved(range, held.classList.contains("upper") ? 1 : 0, at(next.clientY)))
      else if (Math.abs(at(next.clientY) - from) > 1) this.choose(column, [Math.min(from, at(next.clientY)), Math.max(from, at(next.clientY))])
    }
    const end = () => {
      area.removeEventListener("pointermove", move)
      area.removeEventListener("pointerup", end)
    }
    area.addEventListener("pointermove", move)
    area.addEventListener("pointerup", end)
  }

  choose(column, range) {
    if (range[0] <= 0 && range[1] >= 100) this.brushes.delete(column.key)
    else this.brushes.set(column.key, range)
    this.filter()
  }

  clear() {
    this.brushes.clear()
    this.filter()
  }

  filter() {
    const { top, bottom } = this.plot.width ? this.plot.inner : { top: 0, bottom: 100 }
    const bounds = this.columns.map((column) => this.brushes.get(column.key)?.map((part) => bottom - (part / 100) * (bottom - top)))
    let kept = 0
    for (const row of this.rows) {
      row.kept = !row.ys || bounds.every((pair, index) => !pair || (row.ys[index] <= pair[0] + 0.5 && row.ys[index] >= pair[1] - 0.5))
      kept += row.kept ? 1 : 0
    }
    this.on(kept, this.rows.length, this.brushes.size)
    this.plot.redraw()
  }

  // Lines

  pick(px, py) {
    if (!this.columns?.[0]?.scale || this.columns.length < 2) return null
    const gap = this.columns[1].x - this.columns[0].x
    const left = Math.min(this.columns.length - 2, Math.max(0, Math.floor((px - this.columns[0].x) / gap)))
    const t = Math.min(1, Math.max(0, (px - this.columns[left].x) / gap))
    const ease = t * t * (3 - 2 * t)
    let [best, least] = [null, 10]
    for (const row of this.rows) {
      if (!row.kept || !row.ys) continue
      const distance = Math.abs(row.ys[left] * (1 - ease) + row.ys[left + 1] * ease - py)
      if (distance <= least) [best, least] = [row, distance]
    }
    if (best) best.tipX = px
    return best
  }

  step(thing, by) {
    const there = this.rows.filter((row) => row.kept)
    if (!there.length) return null
    const here = thing ? there.indexOf(thing) : there.length
    const next = there[Math.min(there.length - 1, Math.max(0, here - by))] ?? there.at(-1)
    next.tipX = this.columns[Math.floor(this.columns.length / 2)].x
    return next
  }

  marks(plot, row) {
    if (!row?.ys) return
    let path = ""
    row.ys.forEach((y, index) => {
      if (Number.isNaN(y)) return
      const x = this.columns[index].x
      if (!path) path = `M${x} ${y}`
      else {
        const before = this.columns[index - 1]
        const middle = (before.x + x) / 2
        path += `C${middle} ${row.ys[index - 1]} ${middle} ${y} ${x} ${y}`
      }
    })
    if (path.includes("NaN")) return
    plot.marks.append(s("path", { d: path, fill: "none", stroke: colours().panel, "stroke-width": 6 }), s("path", { d: path, fill: "none", stroke: scaleColour(row.place), "stroke-width": 3 }))
    row.ys.forEach((y, index) => Number.isNaN(y) || plot.dot(this.columns[index].x, y, scaleColour(row.place), 4))
  }

  describe(row) {
    const lines = this.columns.slice(0, -1).map((column) => `${column.title} ${name(parameter(column.read(row)), 30)}`)
    return { x: row.tipX ?? this.plot.width / 2, y: this.plot.height / 2, title: `Trial ${row.trial}: ${value(row.value)}`, lines: lines.slice(0, 14) }
  }

  close() {
    this.plot.close()
  }
}


"""###

private let file5: StaticString = ###"""
// What ran where and when: a lane for each slot. Only the lanes in sight are asked for and drawn.

import { h, onceAFrame, s, say } from "./dom.js"
import { clock, duration, name, oneLine, percent } from "./format.js"
import { colours, onScheme } from "./palette.js"
import { Scale, clockTicks, timeStep } from "./scale.js"

const WORDS = {
  running: "runs", held: "is held", moving: "its checkpoint is on its way", starting: "is starting", ending: "is ending", mixed: "several",
  absent: "not there", suspect: "silent", unreachable: "unreachable", lost: "lost", draining: "drained", unusable: "gets no work",
}

export class Timeline {
  constructor(app) {
    this.app = app
    this.span = null // seconds; null: all of the run
    this.end = null // null: now
    this.total = 0
    this.lanes = new Map()
    this.canvas = h("canvas", { "aria-hidden": "true" })
    this.axis = s("svg.axes", { "aria-hidden": "true" })
    this.tip = h("div.tip", { hidden: true })
    this.spoken = h("div.hidden-text", { "aria-live": "polite" })
    this.spacer = h("div.spacer")
    this.scroller = h("div.lanes", {
      tabindex: 0, role: "group", "aria-roledescription": "chart",
      "aria-label": "Timeline. Left and right move along the time, plus and minus come closer and go back, up and down go from lane to lane, Enter opens the trial, or shows several that are merged from closer.",
    }, h("div.stay", null, this.canvas, this.axis, this.tip), this.spacer)
    this.element = h("div.timeline", null, this.scroller, this.spoken)
    this.redraw = onceAFrame(() => this.draw())
    this.observer = new ResizeObserver(() => this.moved())
    this.observer.observe(this.scroller)
    this.unscheme = onScheme(this.redraw)
    this.scroller.addEventListener("scroll", () => this.moved())
    this.listen()
    this.source = app.sources.add("timeline", { width: 1000, lanes: 60 }, { data: (data) => this.took(data) }, 2000)
  }

  close() {
    this.source.close()
    this.observer.disconnect()
    this.unscheme()
  }

  get unit() {
    return (this.rem ??= parseFloat(getComputedStyle(document.documentElement).fontSize)) / 14.5
  }

  get head() {
    return Math.round(26 * this.unit)
  }

  get lane() {
    return Math.round((this.total > 60 ? 16 : this.total > 24 ? 20 : 26) * this.unit)
  }

  get label() {
    return Math.min(190 * this.unit, Math.max(84, this.width * 0.16))
  }

  /** The range of time that is shown. */
  get range() {
    const run = this.app.run
    const begin = run.started_at ?? run.now
    const last = Math.max(begin + 1, run.ended_at ?? run.now)
    if (this.span === null) return [begin, last]
    const end = Math.max(begin + 1, Math.min(this.end ?? last, last))
    return [Math.max(begin - this.span * 0.02, end - this.span), end]
  }

  show(span) {
    this.span = span
    this.end = null
    this.ask()
  }

  /** Moves along the time by parts of what is shown. */
  pan(part) {
    const [from, to] = this.range
    if (this.span === null) this.span = to - from
    const run = this.app.run
    const last = run.ended_at ?? run.now
    const next = to + part * this.span
    this.end = next >= last ? null : Math.max((run.started_at ?? last) + this.span, next)
    this.ask()
  }

  zoom(factor, around) {
    const [from, to] = this.range
    const run = this.app.run
    const whole = (run.ended_at ?? run.now) - (run.started_at ?? run.now)
    const middle = around ?? to
    const span = Math.max(2, (to - from) * factor)
    if (span >= whole) {
      this.span = this.end = null
    } else {
      this.end = middle + (to - middle) * factor
      if (this.end >= (run.ended_at ?? run.now)) this.end = null
      this.span = span
    }
    this.ask()
  }

  ask() {
    clearTimeout(this.timer)
    this.redraw()
    this.timer = setTimeout(() => {
      const [from, to] = this.range
      const width = Math.min(8192, Math.max(16, Math.round((this.width ?? 600) - this.label)))
      const first = Math.max(0, Math.floor(this.scroller.scrollTop / this.lane) - 10)
      const lanes = Math.min(500, Math.ceil(((this.height ?? 400) - this.head) / this.lane) + 20)
      const isAll = this.span === null
      this.source.turn({ from: isAll ? null : Math.max(0, from), to: isAll || this.end === null ? null : to, width, offset: first, lanes })
    }, 60)
  }

  moved() {
    this.rem = null
    const box = this.scroller.getBoundingClientRect()
    const grown = Math.round(this.scroller.clientWidth) !== this.width
    this.width = this.scroller.clientWidth
    this.height = box.height
    if (!this.width) return
    this.redraw()
    const first = Math.floor(this.scroller.scrollTop / this.lane)
    const last = Math.min(this.total, first + Math.ceil(this.height / this.lane))
    if (grown || (this.total && !(this.lanes.has(first) && this.lanes.has(last - 1)))) this.ask()
  }

  took(data) {
    const held = this.current
    this.total = data.total_lanes
    if (JSON.stringify([data.from, data.to]) !== this.window) this.lanes.clear()
    this.window = JSON.stringify([data.from, data.to])
    data.lanes.forEach((lane, index) => this.lanes.set(data.offset + index, lane))
    // The cursor stays where it is in time: segments are merged anew as time goes on.
    const segments = held && this.lanes.get(this.cursor.lane)?.segments
    if (segments) {
      this.cursor.segment = Math.max(0, segments.findLastIndex((segment) => segment.start <= held.start))
    }
    this.scroller.style.setProperty("--lanes", `${Math.max(1, this.total) * this.lane + this.head + 4}px`)
    this.moved()
  }

  draw() {
    if (!this.width) return
    const ratio = Math.min(3, devicePixelRatio || 1)
    const high = this.scroller.clientHeight
    const [w, t] = [Math.round(this.width * ratio), Math.round(high * ratio)]
    if (this.canvas.width !== w || this.canvas.height !== t) [this.canvas.width, this.canvas.height] = [w, t]
    this.canvas.style.setProperty("width", `${this.width}px`)
    this.canvas.style.setProperty("height", `${high}px`)
    const context = this.canvas.getContext("2d")
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, this.width, high)
    const [from, to] = this.range
    const left = this.label
    this.x = new Scale([from, to], [left, this.width - 4])
    const colour = colours()
    this.axis.replaceChildren()
    this.axis.setAttribute("viewBox", `0 0 ${this.width} ${high}`)
    this.axis.style.setProperty("height", `${high}px`)
    const count = Math.max(2, Math.floor((this.width - left) / (110 * this.unit)))
    const isFine = timeStep(to - from, count) < 60
    const ticks = clockTicks(from, to, count)
    context.save()
    context.beginPath()
    context.rect(0, this.head, this.width, high)
    context.clip()
    const offset = this.scroller.scrollTop
    const first = Math.floor(offset / this.lane)
    const font = getComputedStyle(this.scroller).fontFamily
    let host = null
    for (let index = first; index < Math.min(this.total, first + Math.ceil(high / this.lane) + 1); index++) {
      const y = this.head + index * this.lane - offset
      const lane = this.lanes.get(index)
      context.fillStyle = colour.grid
      context.fillRect(left, y + this.lane - 1, this.width - left, 1)
      if (!lane) continue
      const isFirst = lane.host !== host && (lane.slot === 0 || index === first)
      if (lane.host !== host && index > first) {
        context.fillStyle = colour.line
        context.fillRect(0, y - 0.5, this.width, 1)
      }
      host = lane.host
      context.textBaseline = "middle"
      context.font = `${(this.total > 60 ? 11 : 12) * this.unit}px ${font}`
      context.fillStyle = isFirst ? (["lost", "unreachable", "cannot be started", "cannot run the code"].includes(lane.state) ? colour.bad : colour.text) : colour.muted
      const room = Math.floor((left - 34 * this.unit) / (6.6 * this.unit))
      if (isFirst) context.fillText(name(lane.host, Math.max(5, room)), 4, y + this.lane / 2, left - 32)
      context.fillStyle = colour.muted
      context.textAlign = "right"
      context.fillText(String(lane.slot), left - 8, y + this.lane / 2)
      context.textAlign = "left"
      this.drawLane(context, lane, y + 2, this.lane - 5, colour)
    }
    context.restore()
    for (const tick of ticks) {
      const x = Math.round(this.x.at(tick)) + 0.5
      this.axis.append(s("line.grid", { x1: x, x2: x, y1: this.head, y2: high }))
      if (x > left + 20 * this.unit && x < this.width - 30 * this.unit) this.axis.append(s("text.tick", { x, y: 16 * this.unit, "text-anchor": "middle" }, isFine ? clock(tick) : clock(tick).slice(0, 5)))
    }
    this.axis.append(s("line.axis", { x1: 0, x2: this.width, y1: this.head - 0.5, y2: this.head - 0.5 }))
    this.element.dataset.drawn = String(Number(this.element.dataset.drawn ?? 0) + 1)
    this.drawFocus(context)
  }

  drawLane(context, lane, y, high, colour) {
    for (const absence of lane.absences) {
      const [x1, x2] = [this.x.at(absence.start), this.x.at(absence.end)]
      hatch(context, x1, y, x2 - x1, high, absence.kind === "lost" || absence.kind === "unreachable" ? colour.bad : colour.faint)
    }
    for (const segment of lane.segments) {
      const x1 = Math.max(this.label, this.x.at(segment.start))
      const x2 = Math.min(this.width - 4, this.x.at(segment.end))
      if (x2 < this.label || x1 > this.width) continue
      const wide = Math.max(1, x2 - x1 - (x2 - x1 > 6 ? 1 : 0))
      context.globalAlpha = segment.kind === "mixed" ? 0.35 + 0.55 * segment.busy : 1
      context.fillStyle = colour[segment.kind === "mixed" ? "running" : segment.kind]
      if (segment.kind === "held") {
        context.fillRect(x1, y + high * 0.25, wide, high * 0.5)
      } else if (segment.kind === "moving" || segment.kind === "starting" || segment.kind === "ending") {
        context.fillRect(x1, y + high * 0.36, wide, high * 0.28)
      } else {
        context.beginPath()
        context.roundRect(x1, y, wide, high, Math.min(3, wide / 3))
        context.fill()
      }
      context.globalAlpha = 1
      const text = segment.trial === null ? "" : String(segment.trial)
      if (segment.kind === "running" && wide > text.length * 7 * this.unit + 8 && high > 10) {
        context.fillStyle = colour.busy
        context.fillText(text, x1 + 4, y + high / 2 + 0.5)
      }
    }
  }

  // Pointer and keys

  listen() {
    const stay = this.scroller.firstElementChild
    let drag = null
    stay.addEventListener("pointermove", (event) => {
      const box = stay.getBoundingClientRect()
      const [x, y] = [event.clientX - box.left, event.clientY - box.top]
      if (drag) {
        if (Math.abs(event.clientX - drag.x) > 4) drag.moved = true
        if (drag.moved && drag.to) {
          this.span = drag.to - drag.from
          this.end = drag.to - ((event.clientX - drag.x) / (this.width - this.label)) * this.span
          const last = this.app.run.ended_at ?? this.app.run.now
          if (this.end >= last) this.end = null
          this.ask()
        }
        return
      }
      this.focus = this.pick(x, y)
      this.tell(x, y)
    })
    stay.addEventListener("pointerdown", (event) => {
      const [from, to] = this.range
      if (event.pointerType === "mouse") drag = { x: event.clientX, from, to: this.span === null ? null : to, moved: false }
    })
    addEventListener("pointerup", () => setTimeout(() => (drag = null)))
    stay.addEventListener("pointerleave", () => this.tell(null))
    stay.addEventListener("click", () => {
      if (!drag?.moved) this.open(this.focus)
    })
    this.scroller.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const box = stay.getBoundingClientRect()
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.x?.invert(event.clientX - box.left))
    }, { passive: false })
    this.scroller.addEventListener("keydown", (event) => this.key(event))
    this.scroller.addEventListener("blur", () => ((this.cursor = null), this.redraw()))
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = {
      ArrowLeft: () => this.next(-1, 0), ArrowRight: () => this.next(1, 0), ArrowUp: () => this.next(0, -1), ArrowDown: () => this.next(0, 1),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), PageUp: () => this.pan(-0.5), PageDown: () => this.pan(0.5),
      Enter: () => this.open(this.current),
      Escape: () => ((this.cursor = null), this.redraw()),
    }[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  get current() {
    return this.cursor && this.lanes.get(this.cursor.lane)?.segments[this.cursor.segment]
  }

  /** The trial's page; what is merged is looked at from closer. */
  open(segment) {
    if (segment?.trial != null) {
      location.hash = `#/trials/${segment.trial}`
    } else if (segment?.kind === "mixed") {
      const [from, to] = this.range
      this.zoom(Math.max(2, (segment.end - segment.start) * 4) / (to - from), (segment.start + segment.end) / 2)
    }
  }

  /** From segment to segment, and from lane to lane at the same time. */
  next(dx, dy) {
    if (!this.cursor) {
      const lane = [...this.lanes.keys()].sort((a, b) => a - b).find((index) => this.lanes.get(index).segments.length)
      if (lane === undefined) return
      this.cursor = { lane, segment: this.lanes.get(lane).segments.length - 1 }
    } else if (dx) {
      const last = this.lanes.get(this.cursor.lane).segments.length - 1
      this.cursor.segment = Math.min(last, Math.max(0, this.cursor.segment + dx))
    } else {
      const at = this.current?.start ?? 0
      const lane = Math.min(this.total - 1, Math.max(0, this.cursor.lane + dy))
      const segments = this.lanes.get(lane)?.segments ?? []
      this.cursor = { lane, segment: Math.max(0, segments.findLastIndex((segment) => segment.start <= at)) }
      const [top, view] = [this.scroller.scrollTop, this.height - this.head - this.lane]
      if (lane * this.lane < top) this.scroller.scrollTop = lane * this.lane
      if (lane * this.lane > top + view) this.scroller.scrollTop = lane * this.lane - view
    }
    const lane = this.lanes.get(this.cursor.lane)
    say(this.spoken, lane ? [`${oneLine(lane.host)} slot ${lane.slot}`, this.current ? this.words(this.current).join(", ") : "idle"].join(": ") : "")
    this.redraw()
  }

  drawFocus(context) {
    const segment = this.current
    if (!segment) return
    const y = this.head + this.cursor.lane * this.lane - this.scroller.scrollTop
    context.strokeStyle = colours().text
    context.lineWidth = 2
    const x = Math.max(this.label, this.x.at(segment.start))
    context.strokeRect(x - 1, y + 1, Math.max(3, this.x.at(segment.end) - x + 1), this.lane - 3)
    this.focus = segment
    this.tell(x, y + this.lane, true)
  }

  pick(px, py) {
    const lane = this.lanes.get(Math.floor((py - this.head + this.scroller.scrollTop) / this.lane))
    if (!lane || py < this.head || !this.x || px < this.label) return null
    const [at, margin] = [this.x.invert(px), (this.x.high - this.x.low) / (this.width - this.label) * 2]
    const segment = lane.segments.find((one) => one.start - margin <= at && one.end + margin >= at)
    if (segment) return { ...segment, lane }
    const absence = lane.absences.find((one) => one.start <= at && one.end >= at)
    return absence ? { ...absence, lane, trial: null } : { lane, kind: "idle", trial: null }
  }

  words(thing) {
    const lines = []
    if (thing.start !== undefined) lines.push(`${clock(thing.start)} – ${clock(thing.end)}, ${duration(thing.end - thing.start)}`)
    if (thing.kind === "mixed") lines.push(`busy ${percent(thing.busy)} of the time`)
    const title = thing.trial === null || thing.trial === undefined ? (thing.kind === "mixed" ? "Several trials" : WORDS[thing.kind] ?? "Idle") : `Trial ${thing.trial} ${thing.kind === "mixed" ? "" : WORDS[thing.kind]}`
    return [title, ...lines]
  }

  tell(x, y, byKeys = false) {
    const thing = x === null ? null : this.focus
    this.tip.hidden = !thing
    this.scroller.classList.toggle("picks", Boolean(thing && thing.trial != null && !byKeys))
    if (!thing) return
    const [title, ...lines] = this.words(thing)
    const where = thing.lane ? [`${name(thing.lane.host, 40)}, slot ${thing.lane.slot}`] : []
    this.tip.replaceChildren(h("strong", null, title), ...[...where, ...lines].map((line) => h("div", null, line)))
    const [wide, high] = [this.tip.offsetWidth, this.tip.offsetHeight]
    const left = x + 14 + wide > this.width ? Math.max(2, x - wide - 14) : x + 14
    const top = y + 14 + high > this.height ? Math.max(2, y - high - 10) : y + 14
    this.tip.style.setProperty("transform", `translate(${Math.round(left)}px, ${Math.round(top)}px)`)
  }
}

function hatch(context, x, y, wide, high, colour) {
  context.save()
  context.beginPath()
  context.rect(x, y, Math.max(1, wide), high)
  context.clip()
  context.strokeStyle = colour
  context.globalAlpha = 0.55
  context.lineWidth = 1
  context.beginPath()
  for (let at = x - high; at < x + wide; at += 6) {
    context.moveTo(at, y + high)
    context.lineTo(at + high, y)
  }
  context.stroke()
  context.restore()
}

"""###

private let file6: StaticString = ###"""
// One number that a trial reported, over its resource, with its rungs and attempts.

import { s } from "./dom.js"
import { clock, isFinite_, name, number, value } from "./format.js"
import { colours, rungColour } from "./palette.js"
import { Plot } from "./plot.js"
import { Scale, fittingDomain, valueTick } from "./scale.js"

export class TrialChart {
  constructor(app) {
    this.app = app
    this.points = []
    this.rungs = []
    this.plot = new Plot({
      label: "What the trial reported", class: "tall", margin: { left: 58, top: 22 }, draw: (plot) => this.draw(plot), pick: (x) => this.pick(x),
      step: (thing, dx) => this.step(thing, dx), describe: (thing) => this.describe(thing),
      marks: (plot, thing) => thing && plot.dot(this.x.at(thing.resource), this.y.at(thing.value), colours().accent, 5),
    })
    this.element = this.plot.element
  }

  set(data, series) {
    const isMetric = series === data.series[0]
    this.title = series?.name ?? ""
    this.points = (series?.points ?? []).map((point) => ({ ...point, value: number(point.value) })).filter((point) => isFinite_(point.value))
    this.rungs = data.rungs.map((rung) => ({ ...rung, value: isMetric ? number(rung.value) : null, cut_off: isMetric ? number(rung.cut_off) : null }))
    this.attempts = data.attempts.filter((attempt) => attempt.from_resource > 0)
    this.plot.label = `${name(this.title, 40)}: ${this.points.length} reports, last ${value(this.points.at(-1)?.value)}.`
    this.plot.redraw()
  }

  draw(plot) {
    if (!this.points.length) return
    const { context } = plot
    const { left, right, top, bottom } = plot.inner
    const run = this.app.run
    const domain = fittingDomain([...this.points.map((point) => point.value), ...this.rungs.map((rung) => rung.cut_off)].filter(isFinite_), run.mode)
    const end = Math.max(2, this.points.at(-1).resource)
    const log = end > 60
    this.x = new Scale([log ? 1 : 0, end * (log ? 1.08 : 1.03)], [left, right], log)
    this.y = new Scale([domain.low, domain.high], [bottom, top], domain.log)
    const colour = colours()
    plot.yAxis(this.y, this.y.ticks(Math.max(2, Math.floor((bottom - top) / 48))), valueTick)
    plot.xAxis(this.x, this.x.ticks(Math.max(2, Math.floor((right - left) / 80))), (tick) => (Number.isInteger(tick) ? String(tick) : ""))
    const stones = [...(run.brackets[0]?.levels ?? []), run.max_t]
    for (const rung of this.rungs) {
      const level = stones.indexOf(rung.level) + 1
      const x = Math.round(this.x.at(rung.level)) + 0.5
      plot.axes.append(s("line", { x1: x, x2: x, y1: top - 6, y2: bottom, stroke: rungColour(level, stones.length), "stroke-dasharray": "2 3" }),
        s("path", { d: `M${x - 4} ${top - 14}h8l-4 7z`, fill: rungColour(level, stones.length) }))
      if (isFinite_(rung.cut_off) && rung.cut_off >= this.y.low && rung.cut_off <= this.y.high) plot.axes.append(s("line.cut-off", { x1: x - 12, x2: x + 12, y1: this.y.at(rung.cut_off), y2: this.y.at(rung.cut_off) }))
    }
    plot.clip()
    context.strokeStyle = context.fillStyle = colour.accent
    context.lineWidth = 2
    context.lineJoin = "round"
    context.beginPath()
    for (const point of this.points) if (point.counts) context.lineTo(this.x.at(point.resource), this.y.at(point.value))
    context.stroke()
    const radius = this.points.length > 120 ? 0 : this.points.length > 40 ? 2 : 3
    for (const point of this.points) {
      if (!radius && point.counts && this.points.length > 1) continue
      context.beginPath()
      context.arc(this.x.at(point.resource), this.y.at(point.value), Math.max(2, radius), 0, 2 * Math.PI)
      if (point.counts) context.fill()
      else context.stroke()
    }
    context.restore()
  }

  pick(px) {
    if (!this.points.length || !this.x) return null
    return this.points.reduce((best, point) => (Math.abs(this.x.at(point.resource) - px) < Math.abs(this.x.at(best.resource) - px) ? point : best))
  }

  step(thing, dx) {
    if (!this.points.length) return null
    const here = thing ? this.points.indexOf(thing) : -1
    return this.points[here < 0 ? this.points.length - 1 : Math.min(this.points.length - 1, Math.max(0, here + dx))]
  }

  describe(point) {
    const rung = this.rungs.find((one) => one.level === point.resource)
    return {
      x: this.x.at(point.resource), y: this.y.at(point.value), title: value(point.value, 7),
      lines: [`${name(this.app.run.resource_attr, 20)} ${point.resource}, ${clock(point.at)}`, `attempt ${point.attempt}${point.counts ? "" : ", not counted"}`, rung && `place ${rung.rank} of ${rung.of} in this rung`].filter(Boolean),
    }
  }

  close() {
    this.plot.close()
  }
}

"""###

private let file7: StaticString = ###"""
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

"""###

private let file8: StaticString = ###"""
// Native dialogs.

import { freshId, h } from "./dom.js"

/**
 * Shows a dialog. `actions`: [text, action or null (closes), kind]; an action that gives a text keeps the dialog open and
 * shows it as what is wrong.
 */
export function dialog(title, body, actions) {
  const id = freshId("dialog")
  const wrong = h("p.wrong", { role: "alert", hidden: true })
  const element = h("dialog", { "aria-labelledby": id })
  const buttons = actions.map(([text, action, kind]) => h("button", {
    type: "button", class: kind, onclick: async () => {
      if (!action) return element.close()
      for (const button of buttons) button.disabled = true
      const message = await action()
      for (const button of buttons) button.disabled = false
      wrong.hidden = !message
      wrong.textContent = message ?? ""
      if (!message) element.close()
    },
  }, text))
  element.append(h("h2", { id }, title), h("div.content", null, body), wrong, h("div.actions", null, buttons))
  element.addEventListener("close", () => element.remove())
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close()
  })
  element.addEventListener("input", () => (wrong.hidden = true))
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return
    event.preventDefault()
    buttons.at(-1).click()
  })
  document.body.append(element)
  element.showModal()
  return element
}

"""###

private let file9: StaticString = ###"""
// Elements from descriptions. What the server says becomes text or the value of an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg"

/** h("button.quiet", { type: "button", onclick: f }, "Text", child, …); null and false children are left out. */
export function h(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".")
  return fill(document.createElement(tag || "div"), classes, attributes, children)
}

/** The same for SVG. */
export function s(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".")
  return fill(document.createElementNS(SVG, tag), classes, attributes, children)
}

function fill(element, classes, attributes, children) {
  for (const name of classes) element.classList.add(name)
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (name === "class") for (const word of value.split(" ")) word && element.classList.add(word)
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text)
    else if (name === "value" && "value" in element) element.value = value
    else element.setAttribute(name, value === true ? "" : String(value))
  }
  append(element, children)
  return element
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (Array.isArray(child)) append(element, child)
    else element.append(child instanceof Node ? child : String(child))
  }
}

/** Replaces what is in an element. The focus stays on what stands for the same as before. */
export function replace(element, ...children) {
  const active = document.activeElement
  const alike = () => [...element.querySelectorAll(active.tagName)]
  const place = active !== element && element.contains(active) ? alike().indexOf(active) : null
  element.replaceChildren()
  append(element, children)
  if (place !== null) (alike().find((one) => mark(one) === mark(active)) ?? alike()[place])?.focus({ preventScroll: true })
  return element
}

const mark = (element) => [element.tagName, element.getAttribute("href"), element.getAttribute("aria-label") ?? element.textContent].join("\n")

/** Sets the text only where it differs, so that selections and screen readers are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}

let identity = 0
export const freshId = (word) => `${word}-${++identity}`

/** Says something to screen readers. */
export function announce(text) {
  say(document.getElementById("announce"), text)
}

/** A short notice in the corner. */
export function toast(text, kind = "info") {
  const note = h("div.toast", { class: kind }, text)
  document.getElementById("toasts").append(note)
  setTimeout(() => note.remove(), kind === "error" ? 10000 : 5000)
}

/** Calls once a frame at most. */
export function onceAFrame(action) {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      action()
    })
  }
}

"""###

private let file10: StaticString = ###"""
// Events as a list: when, how bad, what.

import { h } from "./dom.js"
import { dateAndTime, moment, oneLine } from "./format.js"
import { empty, icon, trialLink } from "./parts.js"

const WORDS = { info: "", notice: "notice", warning: "warning", error: "error" }

/** The text, with the trial that it is about as a link. */
function words(event) {
  const text = oneLine(event.text)
  const match = event.trial !== null && new RegExp(`\\btrial ${event.trial}\\b`).exec(text)
  if (!match) return [text]
  return [text.slice(0, match.index), h("a.trial", { href: `#/trials/${event.trial}` }, match[0]), text.slice(match.index + match[0].length)]
}

export function eventRow(event, now) {
  return h("li.event", { class: event.severity, "data-sequence": event.sequence },
    h("time", { datetime: new Date(event.time * 1000).toISOString(), title: dateAndTime(event.time) }, moment(event.time, now)),
    h("span.severity", null, icon(event.severity), WORDS[event.severity] && h("span.hidden-text", null, WORDS[event.severity])),
    h("span.text", null, words(event), event.trial !== null && !/\btrial \d/.test(event.text) && [" ", trialLink(event.trial)]))
}

export function eventList(events, app) {
  if (events.length === 0) return empty("Nothing has happened yet.")
  return h("ol.event-list", null, events.map((event) => eventRow(event, app.run.now)))
}

"""###

private let file11: StaticString = ###"""
// Numbers, times and names for people.

/** A number from the API; those that are not finite come by name. */
export function number(value) {
  if (value === null || value === undefined) return null
  if (typeof value === "number") return value
  return { nan: NaN, inf: Infinity, "-inf": -Infinity }[value] ?? NaN
}

export const isFinite_ = (value) => typeof value === "number" && Number.isFinite(value)

/** A value of the metric, or of a hyperparameter. */
export function value(given, digits = 5) {
  const n = typeof given === "string" ? number(given) : given
  if (n === null || n === undefined) return "–"
  if (Number.isNaN(n)) return "NaN"
  if (!Number.isFinite(n)) return n > 0 ? "∞" : "−∞"
  if (n === 0) return "0"
  const size = Math.abs(n)
  if (Number.isInteger(n) && size < 1e7) return minus(String(n))
  if (size < 1e-4 || size >= 1e7) {
    const [head, tail] = n.toExponential(Math.max(0, digits - 2)).split("e")
    return minus(`${trim(head)}e${Number(tail)}`)
  }
  return minus(trim(n.toPrecision(digits)))
}

const trim = (text) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text)
const minus = (text) => text.replace("-", "−")

/** A value of a configuration: texts as they are. */
export const parameter = (given) => (typeof given === "number" ? value(given, 4) : String(given))

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 })
/** A count: 12,345. */
export const count = (n) => grouped.format(n)
/** A count where there is little room: 12.3K. */
export const compact = (n) => (n < 10000 ? grouped.format(n) : short.format(n))

export const plural = (n, word, many = word + "s") => `${count(n)} ${n === 1 ? word : many}`

/** `3.2 s`, `1 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–"
  const t = Math.max(0, seconds)
  if (t < 1) return `${Math.round(t * 1000)} ms`
  if (t < 10) return `${trim(t.toFixed(1))} s`
  if (t < 59.5) return `${Math.round(t)} s`
  const whole = Math.round(t)
  const pad = (n) => String(n).padStart(2, "0")
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  const minutes = Math.round(t / 60)
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.round(t / 3600)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** With one unit, for axes: `30 s`, `2:30 min`, `1:10 h`, `3.5 d`. */
export function brief(seconds) {
  const pair = (big, small) => (small ? `${big}:${String(small).padStart(2, "0")}` : String(big))
  if (seconds === 0) return "0"
  if (seconds < 60) return `${trim(seconds.toFixed(seconds < 10 ? 1 : 0))} s`
  if (seconds < 3600) return `${pair(Math.floor(seconds / 60), Math.round(seconds % 60))} min`
  const minutes = Math.round(seconds / 60)
  if (seconds < 172800) return `${pair(Math.floor(minutes / 60), minutes % 60)} h`
  return `${trim((seconds / 86400).toFixed(1))} d`
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" })
const longFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" })
export const clock = (seconds) => clockFormat.format(new Date(seconds * 1000))
export const dateAndTime = (seconds) => longFormat.format(new Date(seconds * 1000))
/** The time of day, with the day where it is not today's. */
export function moment(seconds, now = Date.now() / 1000) {
  if (seconds === null || seconds === undefined) return "–"
  return Math.abs(now - seconds) < 43200 ? clock(seconds) : `${dayFormat.format(new Date(seconds * 1000))} ${clock(seconds)}`
}

/** A length that is only guessed: `40 s`, `7 min`, `1 h 20 min`. */
export function rough(seconds) {
  if (seconds < 90) return `${seconds < 20 ? Math.round(seconds) : Math.round(seconds / 5) * 5} s`
  const minutes = seconds < 1200 ? Math.round(seconds / 60) : Math.round(seconds / 300) * 5
  if (minutes < 60) return `${minutes} min`
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`
  return `${Math.round(minutes / 1440)} d`
}

export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"]
  let place = 0
  while (n >= 1024 && place < 4) [n, place] = [n / 1024, place + 1]
  return `${place === 0 ? n : n.toFixed(1)} ${units[place]}`
}

export const percent = (part) => `${part > 0 && part < 0.1 ? (part * 100).toFixed(1) : Math.round(part * 100)} %`

/** Text of a script on one line, with what cannot be seen made visible. */
export function oneLine(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (mark) =>
    mark === "\n" ? " ⏎ " : mark === "\t" ? " " : "\ufffd")
}

/** A name that cannot take all the room. */
export function name(text, limit = 60) {
  const line = oneLine(text)
  return line.length > limit ? line.slice(0, limit - 1) + "…" : line
}

"""###

private let file12: StaticString = ###"""
// The head of the page: the run and how it stands, the views, the connection, commands.

import { enqueue, extend, pauseRun, stopRun, tokenDialog } from "./commands.js"
import { h, replace, say } from "./dom.js"
import { clock, duration, oneLine } from "./format.js"
import { help } from "./help.js"
import { chooseTheme, chosenTheme } from "./palette.js"

export class Head {
  constructor(app, views) {
    this.app = app
    this.name = h("span.run-name")
    this.pill = h("span.pill")
    this.reason = h("span.reason")
    this.link = h("span.connection", { role: "status" }, h("i", { "aria-hidden": "true" }), h("span", null, "connecting"))
    this.links = new Map(views.map(([key, title], index) => [key, h("a", { href: `#/${key}`, title: `${title} (key ${index + 1})` }, title)]))
    const button = (text, action, kind) => h("button", { type: "button", class: kind, disabled: true, onclick: () => (this.menu.hidePopover?.(), action(app)) }, text)
    this.buttons = [button("Pause…", pauseRun), button("Enqueue…", enqueue), button("Extend…", extend), button("Stop…", stopRun, "danger")]
    this.lock = h("button.quiet", { type: "button", hidden: true, onclick: () => (this.menu.hidePopover?.(), tokenDialog(app)) }, "Unlock commands…")
    this.menu = h("div.commands", { id: "commands", popover: "auto", role: "group", "aria-label": "Commands" }, this.lock, this.buttons)
    this.opener = h("button.quiet.opener", { type: "button", popovertarget: "commands" }, "Commands")
    // Until it is known which can be given.
    this.opener.hidden = this.menu.hidden = true
    this.theme = h("button.quiet.square", { type: "button", onclick: () => this.nextTheme() })
    this.showTheme()
    this.strip = h("div.banner", { role: "alert", hidden: true })
    this.element = h("div", null,
      h("div.topbar", null,
        h("a.brand", { href: "#/overview", "aria-label": "pasha, overview" }, h("img", { src: "icon.svg", alt: "", width: 22, height: 22 }), h("span", null, "pasha")),
        h("div.run", null, this.name, this.pill, this.reason),
        h("div.right", null, this.link, this.opener, this.menu, this.theme,
          h("button.quiet.square", { type: "button", "aria-label": "Keys", title: "Keys (?)", onclick: help }, "?"))),
      h("nav", { "aria-label": "Views" }, [...this.links.values()]), this.strip)
  }

  here(key) {
    for (const [other, link] of this.links) {
      if (other === key) link.setAttribute("aria-current", "page")
      else link.removeAttribute("aria-current")
    }
    this.links.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }

  show(run) {
    say(this.name, oneLine(run.run))
    this.name.title = run.run
    say(this.pill, run.status)
    this.pill.className = `pill ${run.status}`
    say(this.reason, oneLine(run.reason))
    this.token()
    this.warn()
  }

  /** What somebody must know whatever is looked at. */
  warn() {
    const run = this.app.run
    const words = this.lostAt !== undefined ? `No connection to the server since ${clock(this.lostAt)}. What is shown may be old. The page ends with the coordinator: of a run that is over or paused, \`pasha-coord page\` shows it again.`
      : run?.coordinator === "silent" ? "The coordinator does not answer just now; what is shown is what its journal has."
      : run?.status === "failed" && run.message ? run.message : null
    this.strip.hidden = !words
    if (words) say(this.strip, words)
  }

  /** Which commands can be given now. */
  token() {
    const run = this.app.run
    if (!run) return
    const can = run.commands.accepted && this.lostAt === undefined
    this.opener.hidden = this.menu.hidden = !can
    this.lock.hidden = this.app.canCommand || !can
    for (const button of this.buttons) button.disabled = !can || !this.app.canCommand
  }

  connection(state, wait) {
    this.link.className = `connection ${state}`
    const words = { live: "live", connecting: "connecting", lost: `no connection, next try in ${duration(Math.ceil(wait ?? 0))}`, locked: "needs the token", over: "ended" }
    say(this.link.lastChild, words[state])
    if (state === "lost") this.lostAt ??= Date.now() / 1000
    else if (state !== "connecting") this.lostAt = undefined
    this.warn()
    this.token()
  }

  nextTheme() {
    const order = ["system", "light", "dark"]
    chooseTheme(order[(order.indexOf(chosenTheme()) + 1) % 3])
    this.showTheme()
  }

  showTheme() {
    const name = chosenTheme()
    this.theme.setAttribute("aria-label", `Colours: ${name}`)
    this.theme.title = `Colours: ${name} (key t)`
    replace(this.theme, { system: "◐", light: "○", dark: "●" }[name])
  }
}

"""###

private let file13: StaticString = ###"""
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

"""###

private let file14: StaticString = ###"""
// Hosts and slots as small squares: what is busy, and who has troubles.

import { h } from "./dom.js"
import { name, oneLine } from "./format.js"
import { empty, icon } from "./parts.js"

const PHASES = { running: "runs", held: "held", assigned: "starting", moving: "moving", ending: "ending" }

export function slotMark(slot, focusable = true) {
  const kind = slot.unusable ? "unusable" : slot.phase ?? "idle"
  const text = slot.unusable ? `slot ${slot.slot}: ${oneLine(slot.unusable)}` : slot.trial === null ? `slot ${slot.slot}: idle` : `slot ${slot.slot}: trial ${slot.trial} ${PHASES[slot.phase] ?? ""}`
  const attributes = { class: kind, title: text, "aria-label": text }
  return slot.trial === null ? h("span.slot", { ...attributes, role: "img" }) : h("a.slot", { ...attributes, href: `#/trials/${slot.trial}`, tabindex: focusable ? null : -1 })
}

export const slotLegend = () => h("ul.legend", { "aria-label": "Colours of the slots" },
  [["running", "running"], ["held", "held"], ["moving", "moving"], ["assigned", "starting"], ["idle", "idle"], ["unusable", "no work"]].map(([kind, text]) => h("li", null, h("i.slot", { class: kind }), text)))

export function hostStrip(hosts) {
  if (hosts.length === 0) return empty("No host yet.")
  return [slotLegend(), h("ul.host-strip", null, hosts.map((host) => h("li", { class: host.troubled ? "troubled" : null },
    h("span.host-name", { title: oneLine(host.host) }, host.troubled && icon("warning"), name(host.host, 40)),
    host.state !== "ready" && h("span.state", null, host.state),
    h("span.slots", null, host.slots.map((slot) => slotMark(slot, false))))))]
}

"""###

private let file15: StaticString = ###"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d3a8f"/><g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"><path d="M7 24h5.500v-6h6v-6h6v-5" stroke="#8fb4ff"/><circle cx="24.500" cy="7" r="1.800" fill="#ffd166" stroke="#ffd166"/></g></svg>

"""###

private let file16: StaticString = ###"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>pasha</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<script src="start.js"></script>
<link rel="stylesheet" href="style.css">
<link rel="stylesheet" href="views.css">
<script type="module" src="main.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header id="top"></header>
<main id="main" tabindex="-1"></main>
<div id="announce" class="hidden-text" role="status" aria-live="polite"></div>
<div id="toasts" role="status" aria-live="polite"></div>
<noscript>This page needs JavaScript; <code>pasha-coord status</code> does not.</noscript>
</body>
</html>

"""###

private let file17: StaticString = ###"""
// The rungs of a bracket: how many trials reached each, and where the current maximum lies.

import { h, replace } from "./dom.js"
import { compact, count, name, value } from "./format.js"
import { levelPlace, tint } from "./palette.js"

/** Rungs from the highest, `max_t`, to the lowest. */
export function ladder(bracket, run, { brief = false, grows = true } = {}) {
  const most = Math.max(1, ...bracket.rungs.map((rung) => rung.trials + rung.running))
  // Each rung has a third of the one below: the root keeps the small ones visible.
  const wide = (n) => Math.sqrt(n / most).toFixed(4)
  const resource = name(run.resource_attr, 20)
  const rows = bracket.rungs.map((rung, index) => {
    const isBeyond = rung.level > bracket.maximum
    const isTop = rung.level === run.max_t
    const done = rung.trials - rung.promoted - rung.waiting
    const total = rung.trials + rung.running
    const part = (kind, n) => n > 0 && h(`i.${kind}`, { vars: { "--w": String(n / total) } })
    const words = [`${count(rung.trials)} reached it`, !isTop && `${count(rung.promoted)} promoted`, rung.waiting > 0 && `${count(rung.waiting)} waiting`,
      rung.running > 0 && `${count(rung.running)} on the way`].filter(Boolean).join(", ")
    return tint(h("tr", { class: [isBeyond && "beyond", rung.level === bracket.maximum && grows && "maximum"].filter(Boolean).join(" ") },
      h("th", { scope: "row" }, h("span.level", null, rung.level), rung.places !== undefined && !brief && h("small.faint", null, ` ${count(rung.places)} each`), rung.level === bracket.maximum && grows && h("span.tag", null, "maximum")),
      h("td.bar", null, h("div.track", { role: "img", "aria-label": words, title: words },
        h("div.stack", { vars: { "--share": wide(total) } }, part("promoted", rung.promoted), part("rest", Math.max(0, done)), part("waiting", rung.waiting), part("on-the-way", rung.running)),
        h("span.counts", null, rung.trials ? compact(rung.trials) : rung.running ? "" : isBeyond ? "not yet" : "0", rung.running > 0 && h("small", null, ` +${compact(rung.running)}`)))),
      !brief && [h("td.n", null, isTop ? "" : compact(rung.promoted)), h("td.n", null, compact(rung.waiting)), h("td.n", null, compact(rung.running)),
        h("td.n", null, value(rung.best)), h("td.n", null, value(rung.cut_off))]), levelPlace(index + 1, bracket.rungs.length))
  }).reverse()
  return h("table.ladder", { class: brief ? "brief" : null },
    h("caption.hidden-text", null, `The rungs, highest first, by ${resource}`),
    h("thead", { class: brief ? "hidden-text" : null }, h("tr", null, h("th", { scope: "col" }, resource), h("th", { scope: "col" }, "trials"),
      !brief && ["promoted", "waiting", "on the way", "best", "cut-off"].map((text) => h("th.n", { scope: "col" }, text)))),
    h("tbody", null, rows))
}

export function ladderLegend() {
  return h("ul.legend.ladder-legend", { "aria-label": "Parts of the bars" },
    [["promoted", "promoted"], ["waiting", "waiting, may be promoted"], ["on-the-way", "on the way"]].map(([kind, text]) => h("li", null, h("i.swatch", { class: kind }), text)))
}

export const showLadder = (element, ...rest) => replace(element, ladder(...rest))

"""###

private let file18: StaticString = ###"""
// What an attempt printed, followed while it runs.

import { get } from "./api.js"
import { h, replace, say } from "./dom.js"
import { bytes } from "./format.js"
import { choice, toggle } from "./parts.js"

/** So much stays in the page; older text goes. */
const KEPT = 400_000

export class LogView {
  constructor(trial) {
    this.trial = trial
    this.stream = "output"
    this.attempt = null
    this.follows = true
    this.generation = 0
    this.text = h("pre", { tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Log" })
    this.told = h("span.count")
    this.earlier = h("button.small", { type: "button", hidden: true, onclick: () => this.before() }, "Earlier")
    this.attempts = h("select", { "aria-label": "Attempt", onchange: () => ((this.attempt = Number(this.attempts.value)), this.begin()) })
    this.tools = [this.earlier, this.told, this.attempts, choice("Stream", [["output", "Output"], ["error", "Errors"]], "output", (key) => ((this.stream = key), this.begin())),
      toggle("Follow", true, (on) => ((this.follows = on), on && this.toEnd()))]
    this.element = this.text
  }

  /** Which attempts there are. */
  set(attempts) {
    const known = attempts.map((one) => one.attempt)
    if (String(known) === this.known) return
    this.known = String(known)
    replace(this.attempts, known.map((one) => h("option", { value: one }, `attempt ${one}`)))
    this.attempts.hidden = known.length === 0
    const newest = known.at(-1) ?? null
    if (this.attempt === null || this.follows) {
      this.attempt = newest
      this.begin()
    }
    if (newest !== null) this.attempts.value = String(this.attempt)
  }

  begin() {
    this.generation += 1
    this.next = -65536
    this.first = null
    this.text.replaceChildren()
    this.read(this.generation)
  }

  async read(generation) {
    clearTimeout(this.timer)
    try {
      const piece = await get(`trials/${this.trial}/log`, { attempt: this.attempt, stream: this.stream, offset: this.next, limit: 65536 })
      if (generation !== this.generation || this.over) return
      if (piece.failure) say(this.told, piece.failure)
      else this.took(piece)
      if (!piece.ended) this.timer = setTimeout(() => this.read(generation), piece.failure ? 5000 : piece.next < piece.size ? 0 : 1000)
    } catch (error) {
      if (generation !== this.generation || this.over) return
      say(this.told, error.message)
      if (error.status === undefined || error.status >= 500) this.timer = setTimeout(() => this.read(generation), 5000)
    }
  }

  took(piece) {
    this.first ??= piece.offset
    this.next = piece.next
    this.earlier.hidden = this.first === 0
    say(this.told, piece.size ? `${bytes(piece.size)}${piece.ended ? "" : ", goes on"}` : piece.attempt === 0 ? "not started yet" : piece.ended ? "nothing was printed" : "nothing was printed yet")
    if (!piece.text) return
    this.text.append(clean(piece.text))
    while (this.text.textContent.length > KEPT && this.text.childNodes.length > 1) {
      this.text.firstChild.remove()
      this.first = Math.max(1, this.first)
    }
    if (this.follows) this.toEnd()
  }

  async before() {
    const [generation, to] = [this.generation, this.first]
    const from = Math.max(0, to - 65536)
    const piece = await get(`trials/${this.trial}/log`, { attempt: this.attempt, stream: this.stream, offset: from, limit: to - from }).catch(() => null)
    if (!piece || generation !== this.generation) return
    const height = this.text.scrollHeight
    this.text.prepend(clean(piece.text))
    this.text.scrollTop += this.text.scrollHeight - height
    this.first = from
    this.earlier.hidden = from === 0
  }

  toEnd() {
    this.text.scrollTop = this.text.scrollHeight
  }

  close() {
    this.over = true
    clearTimeout(this.timer)
  }
}

/** Colours of terminals go, a line drawn over and over shows its last state, and what cannot be seen is made visible. */
function clean(text) {
  return text
    .replace(/\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
    .replace(/\r\n/g, "\n")
    .replace(/[^\n\r]*\r(?=[^\n])/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
}

"""###

private let file19: StaticString = ###"""
// The page: where one is, the head, and the news of the server.

import { Stream, access, hasToken, setToken, takeToken } from "./api.js"
import { tokenDialog } from "./commands.js"
import { announce, h, replace, say, toast } from "./dom.js"
import { Head } from "./head.js"
import { shortcuts } from "./help.js"
import { oneLine } from "./format.js"
import { Sources } from "./source.js"
import { empty, loading, problem } from "./parts.js"
import * as curves from "./view-curves.js"
import * as events from "./view-events.js"
import * as hosts from "./view-hosts.js"
import * as overview from "./view-overview.js"
import * as parameters from "./view-parameters.js"
import * as rungs from "./view-rungs.js"
import * as trial from "./view-trial.js"
import * as trials from "./view-trials.js"

const VIEWS = [
  ["overview", "Overview", overview], ["curves", "Curves", curves], ["rungs", "Rungs", rungs], ["parameters", "Parameters", parameters],
  ["hosts", "Hosts", hosts], ["trials", "Trials", trials], ["events", "Events", events],
]

/** What views share: the run as it was read last, the sources, and who listens to lines. */
class App {
  constructor() {
    this.run = null
    this.sources = new Sources()
    this.lineListeners = new Set()
    this.main = document.getElementById("main")
    this.head = new Head(this, VIEWS.map(([key, title]) => [key, title]))
    replace(document.getElementById("top"), this.head.element)
    replace(this.main, loading())
    this.runSource = this.sources.add("run", {}, { data: (run) => this.took(run), problem: (error) => this.failed(error) }, 500)
    this.stream = new Stream({
      state: (state, wait) => {
        this.head.connection(state, wait)
        if (state === "live") {
          this.sources.changed()
          if (this.wasLost) this.view?.back?.()
        }
        this.wasLost = state !== "live"
      },
      changed: () => this.sources.changed(),
      line: (event) => {
        for (const listener of this.lineListeners) listener(event)
      },
    })
    this.checkToken()
    addEventListener("hashchange", () => this.go())
    shortcuts(this, VIEWS.map(([key]) => key))
  }

  took(run) {
    const first = this.run === null
    this.run = run
    document.title = `${run.best ? `${oneLine(run.experiment)}: ` : ""}${oneLine(run.run)} – pasha`
    this.head.show(run)
    if (first) this.go()
    else this.view?.run?.(run)
  }

  failed(error) {
    if (this.run) return
    replace(this.main, error.status === 401
      ? empty("This run is shown with its token alone.", [h("span", null, "Open the address that pasha-coord printed, with #token=… at its end, or "),
        h("button.small", { type: "button", onclick: () => tokenDialog(this) }, "give the token…")])
      : problem(error))
  }

  /** Shows what the address names. */
  go() {
    if (takeToken()) {
      this.checkToken()
      this.unlocked()
    }
    this.head.token()
    if (!this.run) return
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?")
    const [word = "", id] = path.split("/")
    const arguments_ = new URLSearchParams(query ?? "")
    const key = VIEWS.some(([known]) => known === word) ? word : "overview"
    const isTrial = key === "trials" && /^[0-9]{1,10}$/.test(id ?? "")
    const place = isTrial ? `trial ${id}` : key
    this.head.here(key)
    if (this.place === place && this.view?.turn) return this.view.turn(arguments_)
    this.view?.close?.()
    this.lineListeners.clear()
    const isFirst = this.place === undefined
    this.place = place
    const module = isTrial ? trial : VIEWS.find(([known]) => known === key)[2]
    const root = h("div.view", { class: isTrial ? "trial" : key })
    replace(this.main, root)
    this.view = module.open(this, root, arguments_, Number(id))
    this.main.scrollTop = 0
    if (!isFirst) {
      scrollTo(0, 0)
      announce(isTrial ? `Trial ${id}` : VIEWS.find(([known]) => known === key)[1])
      this.main.focus({ preventScroll: true })
    }
  }

  get canCommand() {
    return hasToken()
  }

  /** A token that came with the address, or is left of another run at the same port, may be a wrong one. */
  async checkToken() {
    if (!hasToken()) return
    try {
      if ((await access()).token !== "wrong") return
    } catch {
      // The first command tells it.
      return
    }
    this.locked()
    toast("The token of this address is not this run's: commands stay locked.", "error")
  }

  /** There is a token. */
  unlocked() {
    this.head.token()
    this.sources.changed()
    this.stream.retry()
  }

  /** The token was refused. */
  locked() {
    setToken(null)
    this.head.token()
  }

  /** Puts what a view is set to into the address, without a step in the history. */
  keep(key, settings) {
    const words = new URLSearchParams(Object.entries(settings).filter(([, text]) => text !== null && text !== undefined && text !== ""))
    const text = words.toString()
    history.replaceState(null, "", `#/${key}${text ? "?" + text : ""}`)
  }
}

try {
  sessionStorage.removeItem("pasha-tries")
} catch {
  // As in start.js.
}
takeToken()
say(document.getElementById("announce"), "")
new App()

"""###

private let file20: StaticString = ###"""
// Colours that canvases draw with: those of the style sheet, and the scales of the rungs.

// From the lowest rung to max_t. Lightness goes one way only, so that the order shows without colours as well.
const RUNGS = {
  light: ["#8a9bb0", "#5f93b5", "#2f83ad", "#1c6a9e", "#2d4d94", "#4a2f85", "#5b1467"],
  dark: ["#5d6b80", "#4a7fa8", "#3f9bb8", "#4fb8b0", "#86cf96", "#c5df7c", "#fff07a"],
}

let cache = null

export function isDark() {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
}

/** The style sheet's colours by name, without the dashes. */
export function colours() {
  if (cache) return cache
  const style = getComputedStyle(document.documentElement)
  const read = (name) => style.getPropertyValue(`--${name}`).trim()
  cache = Object.fromEntries(["ground", "panel", "text", "muted", "faint", "line", "grid", "accent", "good", "warn", "bad",
    "running", "held", "moving", "starting", "ending", "busy"].map((name) => [name, read(name)]))
  return cache
}

/** The colour of a level, counted from 0 (no rung yet) to `levels` (max_t). */
export function rungColour(level, levels) {
  if (level <= 0) return isDark() ? "#454f5e" : "#b9c2cd"
  const scale = RUNGS[isDark() ? "dark" : "light"]
  const place = levels <= 1 ? 1 : Math.min(1, Math.max(0, (level - 1) / (levels - 1)))
  return mix(scale, place)
}

/** A colour of the scale, 0…1. */
export const scaleColour = (place) => mix(RUNGS[isDark() ? "dark" : "light"], Math.min(1, Math.max(0, place)))

function mix(scale, place) {
  const at = place * (scale.length - 1)
  const low = Math.min(scale.length - 2, Math.floor(at))
  const part = at - low
  const channel = (text, index) => parseInt(text.slice(1 + 2 * index, 3 + 2 * index), 16)
  const parts = [0, 1, 2].map((index) =>
    Math.round(channel(scale[low], index) * (1 - part) + channel(scale[low + 1], index) * part))
  return `rgb(${parts.join(" ")})`
}

const listeners = new Set()
/** Calls when the scheme changes; gives what ends it. */
export function onScheme(action) {
  listeners.add(action)
  return () => listeners.delete(action)
}

/** Gives an element the colour of a place in the scale as `--c`, in this scheme and the other one. */
export function tint(element, place) {
  element.dataset.place = String(place)
  element.style.setProperty("--c", place < 0 ? rungColour(0, 1) : scaleColour(place))
  return element
}

/** The place of a level in the scale, for `tint`. */
export const levelPlace = (level, levels) => (level <= 0 ? -1 : levels <= 1 ? 1 : Math.min(1, (level - 1) / (levels - 1)))

function changed() {
  cache = null
  for (const element of document.querySelectorAll("[data-place]")) tint(element, Number(element.dataset.place))
  for (const action of listeners) action()
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed)

export const chosenTheme = () => document.documentElement.dataset.theme ?? "system"
export function chooseTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = name
  try {
    if (name === "system") localStorage.removeItem("pasha-theme")
    else localStorage.setItem("pasha-theme", name)
  } catch {
    // Then it lasts as long as the page.
  }
  changed()
}

"""###

private let file21: StaticString = ###"""
// Pieces that several views are made of.

import { freshId, h, replace, s } from "./dom.js"
import { oneLine } from "./format.js"
import { levelPlace, tint } from "./palette.js"

/** A titled area. `tools`: what stands at the right of the title. */
export function panel(title, { tools, note, body, name } = {}) {
  const id = freshId("panel")
  const content = h("div.body", null, body)
  const remark = h("p.note", { hidden: !note }, note)
  const element = h("section.panel", { "aria-labelledby": id, class: name },
    h("div.head", null, h("h2", { id }, title), tools && h("div.tools", null, tools)), remark, content)
  return {
    element, content,
    set note(text) {
      remark.hidden = !text
      replace(remark, text)
    },
  }
}

/** One of several, as a group of radio buttons in disguise. */
export function choice(label, options, chosen, on) {
  const name = freshId("choice")
  return h("fieldset.choice", null, h("legend.hidden-text", null, label), options.map(([key, text]) => {
    const id = freshId("option")
    return [h("input.hidden-text", { type: "radio", name, id, value: key, checked: key === chosen, onchange: () => on(key) }),
      h("label", { for: id }, text)]
  }))
}

export function toggle(text, chosen, on) {
  const button = h("button.toggle", {
    type: "button", "aria-pressed": String(chosen), onclick: () => {
      const now = button.getAttribute("aria-pressed") !== "true"
      button.setAttribute("aria-pressed", String(now))
      on(now)
    },
  }, text)
  return button
}

const ICONS = {
  running: ["path", { d: "M4.500 3v10l8-5z" }], held: ["path", { d: "M4 3h3v10H4zM9 3h3v10H9z" }],
  assigned: ["path", { d: "M3 7h6V4l4.500 4L9 12V9H3z" }], pending: ["circle", { cx: 8, cy: 8, r: 4, fill: "none", "stroke-width": 2, stroke: "currentColor" }],
  paused: ["path", { d: "M5 3.500h2v9H5zM9 3.500h2v9H9z" }], completed: ["path", { d: "M3 8.500l3.500 3.500L13 5", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
  stopped: ["path", { d: "M4 4h8v8H4z" }], failed: ["path", { d: "M4 4l8 8M12 4l-8 8", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
  warning: ["path", { d: "M8 2l6.500 12h-13zM8 6.500v3.500M8 11.500v1", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linejoin": "round" }],
  info: ["circle", { cx: 8, cy: 8, r: 2.4 }], notice: ["path", { d: "M8 3l5 5-5 5-5-5z" }],
  error: ["path", { d: "M4 4l8 8M12 4l-8 8", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
}

/** Shape as well as colour tells states apart. */
export function icon(name) {
  const [tag, attributes] = ICONS[name] ?? ICONS.info
  return s("svg.icon", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s(tag, { fill: "currentColor", ...attributes }))
}

export const STATUS_ORDER = ["running", "held", "assigned", "pending", "paused", "completed", "stopped", "failed"]

export const status = (word) => h("span.status", { class: word }, icon(word), word)

export const trialLink = (id) => h("a.trial", { href: `#/trials/${id}` }, `#${id}`)

/** A square in the colour of a rung. */
export const rungMark = (level, levels) => tint(h("span.rung-mark"), levelPlace(level, levels))

/** What stands where there is nothing yet. */
export const empty = (title, text) => h("div.empty", null, h("strong", null, title), text && h("p", null, text))

export const loading = () => h("div.loading", { role: "status" }, h("span.hidden-text", null, "Loading"), h("i"), h("i"), h("i"))

export const problem = (error) =>
  h("div.empty.problem", { role: "alert" }, h("strong", null, "This could not be read."), h("p", null, error.message))

/** What the server says in a few words as a sentence, commands in it as such. */
export const sentence = (text) =>
  oneLine(text[0].toUpperCase() + text.slice(1) + ".").split("`").map((piece, index) => (index % 2 ? h("code", null, piece) : piece))

/** A legend of the rungs. */
export function rungLegend(levels, attribute) {
  return h("ul.legend", { "aria-label": "Colours: how far trials came" },
    h("li", null, rungMark(0, levels.length), "below"),
    levels.map((level, index) => h("li", null, rungMark(index + 1, levels.length), `${level}`)),
    h("li.unit", null, attribute))
}

/** Number and name of it. */
export const figure = (name, number, more, attributes) =>
  h("div.figure", attributes, h("dt", null, name), h("dd", null, h("strong", null, number), more && h("span.more", null, more)))

"""###

private let file22: StaticString = ###"""
// A chart's frame: a canvas for what is many, SVG for axes and marks, a read-out, pointer and keys.

import { h, onceAFrame, replace, s, say } from "./dom.js"
import { colours, onScheme } from "./palette.js"

/**
 * Options: `label` for screen readers, `height` in CSS pixels or a class, `draw(plot)` which sets `x` and `y` and draws on
 * `plot.context`, `pick(x, y)` giving the thing under the pointer or null, `step(thing, dx, dy)` giving the next one by
 * keys, `describe(thing)` giving `{ x, y, lines: [text…], title }`, `activate(thing)`.
 */
export class Plot {
  constructor(options) {
    this.options = options
    this.margins = { top: 10, right: 12, bottom: 26, left: 52, ...options.margin }
    this.unit = 1
    this.canvas = h("canvas", { "aria-hidden": "true" })
    this.axes = s("svg.axes", { "aria-hidden": "true" })
    this.marks = s("svg.marks", { "aria-hidden": "true" })
    this.tip = h("div.tip", { hidden: true })
    this.spoken = h("div.hidden-text", { "aria-live": "polite" })
    this.hint = options.step ? " Arrow keys move between what is drawn, Enter opens it." : ""
    this.element = h("div.plot", {
      class: options.class, tabindex: options.pick ? 0 : null, role: options.pick ? "group" : "img",
      "aria-roledescription": options.pick ? "chart" : null, "aria-label": options.label + this.hint,
    }, this.canvas, this.axes, this.marks, this.tip, this.spoken)
    this.redraw = onceAFrame(() => this.draw())
    this.show = onceAFrame(() => this.drawMarks())
    this.observer = new ResizeObserver(() => this.redraw())
    this.observer.observe(this.element)
    this.unscheme = onScheme(this.redraw)
    this.focus = null
    if (options.pick) this.listen()
  }

  close() {
    this.observer.disconnect()
    this.unscheme()
  }

  set label(text) {
    const full = text + this.hint
    if (this.element.getAttribute("aria-label") !== full) this.element.setAttribute("aria-label", full)
  }

  get inner() {
    const { top, right, bottom, left } = this.margins
    const unit = this.unit
    return { left: left * unit, top: top * unit, right: this.width - right * unit, bottom: this.height - bottom * unit }
  }

  draw() {
    const box = this.element.getBoundingClientRect()
    if (box.width < 2 || box.height < 2) return
    // Letters grow with the screen, and what lies around them with them.
    this.unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 14.5
    this.width = box.width
    this.height = box.height
    const ratio = Math.min(3, devicePixelRatio || 1)
    const [wide, high] = [Math.round(box.width * ratio), Math.round(box.height * ratio)]
    if (this.canvas.width !== wide || this.canvas.height !== high) [this.canvas.width, this.canvas.height] = [wide, high]
    for (const svg of [this.axes, this.marks]) svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`)
    this.context = this.canvas.getContext("2d")
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.context.clearRect(0, 0, box.width, box.height)
    this.axes.replaceChildren()
    this.options.draw(this)
    this.drawMarks()
    this.element.dataset.drawn = String(Number(this.element.dataset.drawn ?? 0) + 1)
  }

  /** Clips what follows to the inner part. */
  clip(margin = 2) {
    const { left, top, right, bottom } = this.inner
    this.context.save()
    this.context.beginPath()
    this.context.rect(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin)
    this.context.clip()
  }

  xAxis(scale, ticks, format, title) {
    const { left, right, top, bottom } = this.inner
    const group = s("g")
    let end = -Infinity
    for (const tick of ticks) {
      const x = Math.round(scale.at(tick)) + 0.5
      if (x < left - 1 || x > right + 1) continue
      group.append(s("line.grid", { x1: x, x2: x, y1: top, y2: bottom }))
      const text = format(tick)
      const half = text.length * 3.6 * this.unit
      if (x - half < end + 6) continue
      const anchor = x + half > this.width ? "end" : "middle"
      group.append(s("text.tick", { x: anchor === "end" ? this.width - 2 : x, y: bottom + 16 * this.unit, "text-anchor": anchor }, text))
      end = x + half
    }
    group.append(s("line.axis", { x1: left, x2: right, y1: bottom + 0.5, y2: bottom + 0.5 }))
    if (title) group.append(s("text.title", { x: right, y: bottom + 32 * this.unit, "text-anchor": "end" }, title))
    this.axes.append(group)
  }

  yAxis(scale, ticks, format) {
    const { left, right } = this.inner
    const group = s("g")
    for (const tick of ticks) {
      const y = Math.round(scale.at(tick)) + 0.5
      group.append(s("line.grid", { x1: left, x2: right, y1: y, y2: y }))
      group.append(s("text.tick", { x: left - 8 * this.unit, y: y + 4 * this.unit, "text-anchor": "end" }, format(tick)))
    }
    this.axes.append(group)
  }

  // What is under the pointer, or reached by keys

  listen() {
    const at = (event) => {
      const box = this.element.getBoundingClientRect()
      return [event.clientX - box.left, event.clientY - box.top]
    }
    this.element.addEventListener("pointermove", (event) => {
      this.pointer = at(event)
      this.seek()
    })
    this.element.addEventListener("pointerleave", () => {
      this.pointer = null
      if (!this.byKeys) this.set(null)
    })
    this.element.addEventListener("click", (event) => {
      const thing = this.options.pick(...at(event))
      if (thing) this.options.activate?.(thing)
    })
    this.element.addEventListener("blur", () => {
      this.byKeys = false
      this.set(null)
    })
    this.element.addEventListener("keydown", (event) => this.key(event))
    this.seek = onceAFrame(() => {
      if (!this.pointer) return
      this.byKeys = false
      this.set(this.options.pick(...this.pointer))
    })
  }

  key(event) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0] }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (move && this.options.step) {
      event.preventDefault()
      this.byKeys = true
      this.set(this.options.step(this.focus, ...move) ?? this.focus)
      if (this.focus) say(this.spoken, [this.options.describe(this.focus).title, ...this.options.describe(this.focus).lines].join(", "))
    } else if (event.key === "Enter" && this.focus) {
      event.preventDefault()
      this.options.activate?.(this.focus)
    } else if (event.key === "Escape") {
      this.byKeys = false
      this.set(null)
    }
  }

  set(thing) {
    this.focus = thing
    this.element.classList.toggle("picks", Boolean(thing && this.options.activate))
    this.show()
  }

  drawMarks() {
    this.marks.replaceChildren()
    this.options.marks?.(this, this.focus)
    const told = this.focus && this.options.describe(this.focus)
    this.tip.hidden = !told
    if (!told) return
    replace(this.tip, h("strong", null, told.title), told.lines.map((line) => h("div", null, line)))
    const { offsetWidth: wide, offsetHeight: high } = this.tip
    const x = told.x + 14 + wide > this.width ? Math.max(2, told.x - wide - 14) : told.x + 14
    const y = Math.min(Math.max(2, told.y - high / 2), Math.max(2, this.height - high - 2))
    this.tip.style.setProperty("transform", `translate(${Math.round(x)}px, ${Math.round(y)}px)`)
  }

  dot(x, y, colour, radius = 4) {
    this.marks.append(s("circle", { cx: x, cy: y, r: radius, fill: colour, stroke: colours().panel, "stroke-width": 1.5 }))
  }
}

"""###

private let file23: StaticString = ###"""
// From values to pixels, with ticks that suit.

import { brief, compact, value } from "./format.js"

/** `domain` [low, high] on `range` [from, to] in pixels; `log` where the values ask for it. */
export class Scale {
  constructor(domain, range, log = false) {
    let [low, high] = domain
    if (!(Number.isFinite(low) && Number.isFinite(high))) [low, high, log] = [0, 1, false]
    if (low === high) [low, high] = log ? [low / 2, high * 2] : low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1]
    this.log = log && low > 0
    this.low = low
    this.high = high
    this.range = range
    this.base = this.log ? Math.log(low) : low
    this.span = (this.log ? Math.log(high) : high) - this.base
  }

  at(x) {
    const place = ((this.log ? Math.log(Math.max(x, 1e-300)) : x) - this.base) / this.span
    return this.range[0] + place * (this.range[1] - this.range[0])
  }

  invert(pixel) {
    const place = this.base + ((pixel - this.range[0]) / (this.range[1] - this.range[0])) * this.span
    return this.log ? Math.exp(place) : place
  }

  /** About `count` round places. */
  ticks(count) {
    return this.log ? logTicks(this.low, this.high, count) : linearTicks(this.low, this.high, count)
  }
}

export function step(span, count) {
  const raw = span / Math.max(1, count)
  const size = 10 ** Math.floor(Math.log10(raw))
  const part = raw / size
  return size * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10)
}

export function linearTicks(low, high, count) {
  const size = step(high - low, count)
  const out = []
  for (let n = Math.ceil(low / size - 1e-9); n * size <= high + size * 1e-9 && out.length < 100; n++) out.push(Number((n * size).toPrecision(12)))
  return out
}

function logTicks(low, high, count) {
  const decades = Math.log10(high / low)
  if (decades < 0.9) return linearTicks(low, high, count)
  const parts = decades > count ? [1] : decades * 3 > count * 1.2 ? [1, 3] : [1, 2, 5]
  const skip = Math.max(1, Math.ceil(decades / Math.max(1, count)))
  const out = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % skip !== 0) continue
    for (const part of parts) {
      const tick = part * 10 ** power
      if (tick >= low * 0.9999 && tick <= high * 1.0001) out.push(tick)
    }
  }
  return out.length > 1 ? out : linearTicks(low, high, count)
}

/** Ticks of a length of time: whole seconds, minutes, hours, days. */
export function timeStep(span, count) {
  const sizes = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800]
  return sizes.find((size) => span / size <= count) ?? step(span / 86400, count) * 86400
}

export function durationTicks(low, high, count) {
  const size = timeStep(high - low, count)
  const out = []
  for (let at = Math.ceil(low / size) * size; at <= high * (1 + 1e-9) && out.length < 100; at += size) out.push(at)
  return out
}

/** Ticks at round times of day, in the local time zone. */
export function clockTicks(low, high, count) {
  const size = timeStep(high - low, count)
  const shift = -new Date(low * 1000).getTimezoneOffset() * 60
  const out = []
  for (let at = Math.ceil((low + shift) / size) * size - shift; at <= high && out.length < 100; at += size) out.push(at)
  return out
}

export const valueTick = (x) => value(x, 4)
export const countTick = (x) => compact(x)
export const durationTick = (x) => brief(x)

/**
 * The part of values that deserves the axis. The worse end is cut where outliers would squeeze all others: a start at a
 * loss of 10⁶, say; the better end never.
 */
export function fittingDomain(values, mode) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  let [low, high] = [sorted[0], sorted[sorted.length - 1]]
  const spread = low > 0 ? high / low : Infinity
  if (sorted.length >= 20 && !(spread > 20 && spread < 1e5)) {
    const at = (part) => sorted[Math.round(part * (sorted.length - 1))]
    if (mode === "min" && high - low > 12 * (at(0.9) - low)) high = at(0.97)
    if (mode === "max" && high - low > 12 * (high - at(0.1))) low = at(0.03)
  }
  const log = low > 0 && high / low > 20
  if (log) return { low: low / 1.1, high: high * 1.1, log }
  const margin = (high - low) * 0.04 || Math.abs(high) * 0.05 || 1
  return { low: low >= 0 && low - margin < 0 ? 0 : low - margin, high: high + margin, log }
}

"""###

private let file24: StaticString = ###"""
// Two trials whose order changed between two rungs: a line each, and epsilon around the one that held the place.

import { s } from "./dom.js"
import { isFinite_, number, value } from "./format.js"
import { Scale } from "./scale.js"

export function slope(rise) {
  const [wide, high] = [180, 120]
  const [left, right, top, bottom] = [14, wide - 14, 14, high - 24]
  const ends = [[rise.trial_value, rise.trial_top_value], [rise.holder_value, rise.holder_top_value]].map((pair) => pair.map(number))
  const epsilon = number(rise.epsilon) ?? 0
  const all = [...ends.flat(), ends[1][0] + epsilon, ends[1][0] - epsilon].filter(isFinite_)
  if (all.length === 0) return s("svg.slope", { viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" })
  const y = new Scale([Math.min(...all), Math.max(...all)], [bottom, top])
  const picture = s("svg.slope", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `Trials ${rise.trial} and ${rise.holder} from ${rise.previous_level} to ${rise.top_level}` })
  for (const [x, level] of [[left + 30, rise.previous_level], [right - 30, rise.top_level]]) {
    picture.append(s("line.axis", { x1: x, x2: x, y1: top - 6, y2: bottom + 4 }), s("text.tick", { x, y: high - 6, "text-anchor": "middle" }, String(level)))
  }
  if (isFinite_(ends[1][0])) {
    const [from, to] = [y.at(ends[1][0] + epsilon), y.at(ends[1][0] - epsilon)]
    picture.append(s("rect.epsilon", { x: left + 22, width: 16, y: Math.min(from, to), height: Math.max(1.5, Math.abs(to - from)), rx: 2 }, s("title", null, `epsilon ${value(epsilon)}`)))
  }
  ends.forEach(([below, above], index) => {
    const kind = index ? "holder" : "runner"
    if (isFinite_(below) && isFinite_(above)) picture.append(s(`line.${kind}`, { x1: left + 30, x2: right - 30, y1: y.at(below), y2: y.at(above) }))
    for (const [x, given] of [[left + 30, below], [right - 30, above]]) {
      if (isFinite_(given)) picture.append(s(`circle.${kind}`, { cx: x, cy: y.at(given), r: 4 }))
    }
  })
  return picture
}

"""###

private let file25: StaticString = ###"""
// What a view shows of the server, fetched anew when the run has changed: not more often than it takes, and never while
// nobody looks.

import { getText } from "./api.js"

// While a button is held down nothing is drawn anew: a click on what was replaced meanwhile would be lost.
let pressed = Promise.resolve()
addEventListener("pointerdown", () => {
  pressed = new Promise((resolve) => {
    for (const kind of ["pointerup", "pointercancel", "blur"]) addEventListener(kind, () => setTimeout(resolve), { once: true })
  })
}, true)

export class Sources {
  constructor() {
    this.open = new Set()
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.changed()
    })
  }

  /** Fetches at once, and then whenever the run changes. `on.data(data)`, `on.problem(error)`. */
  add(path, query, on, rest = 1000) {
    const source = new Source(path, query, on, rest)
    this.open.add(source)
    source.close = () => {
      this.open.delete(source)
      source.end()
    }
    source.ask()
    return source
  }

  changed() {
    if (!document.hidden) for (const source of this.open) source.stale()
  }
}

class Source {
  constructor(path, query, on, rest) {
    Object.assign(this, { path, query, on, rest, busy: false, wanted: false, over: false, asked: 0, took: 0, data: null })
  }

  /** Another question from here on. */
  turn(query, path = this.path) {
    this.query = query
    this.path = path
    this.text = null
    this.abort?.abort()
    this.busy = false
    clearTimeout(this.timer)
    this.timer = null
    this.ask()
  }

  stale() {
    if (this.over) return
    if (this.busy || this.timer) {
      this.wanted = true
      return
    }
    const wait = this.asked + Math.max(this.rest, 5 * this.took) - performance.now()
    if (wait <= 0) this.ask()
    else this.timer = setTimeout(() => ((this.timer = null), this.ask()), wait)
  }

  async ask() {
    if (this.over) return
    const abort = (this.abort = new AbortController())
    this.busy = true
    this.wanted = false
    this.asked = performance.now()
    try {
      const text = await getText(this.path, this.query, abort.signal)
      await pressed
      if (this.over || abort !== this.abort) return
      this.failures = 0
      if (text === this.text) return
      this.text = text
      this.data = JSON.parse(text)
      this.on.data(this.data)
    } catch (error) {
      if (this.over || abort !== this.abort || error.name === "AbortError") return
      this.failures = (this.failures ?? 0) + 1
      this.on.problem?.(error)
      // The stream says when the server is back; this is for what fails by itself.
      if (error.status === undefined || error.status >= 500) {
        this.timer ??= setTimeout(() => ((this.timer = null), this.ask()), Math.min(30000, 1000 * 2 ** this.failures))
      }
    } finally {
      if (abort === this.abort) {
        this.busy = false
        this.took = performance.now() - this.asked
        if (this.wanted) this.stale()
      }
    }
  }

  end() {
    this.over = true
    this.abort?.abort()
    clearTimeout(this.timer)
  }
}

"""###

private let file26: StaticString = ###"""
// Before all else, and before the first paint.

// The colour scheme that was chosen here, else the system's.
;(function () {
  let chosen = null
  try {
    chosen = localStorage.getItem("pasha-theme")
  } catch {
    // Without storage the system's scheme counts.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
})()

// A part of the page that could not be loaded, as when an interface of the machine comes or goes, is tried again: three
// times, then it is said.
addEventListener("error", function (event) {
  if (!(event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement)) return
  let tries = 3
  try {
    tries = Number(sessionStorage.getItem("pasha-tries") ?? 0)
    sessionStorage.setItem("pasha-tries", String(tries + 1))
  } catch {
    // Then it is said at once.
  }
  if (tries < 3) setTimeout(() => location.reload(), 500 * (tries + 1))
  else document.getElementById("main").textContent = "The page could not be loaded. Is the server still running? Reload to try again."
}, true)

"""###

private let file27: StaticString = ###"""
/* Colours, type, and what all views share. Text has a contrast of 4.5 at least in both schemes. */

:root {
  color-scheme: light;
  --ground: #f5f6f8;
  --panel: #ffffff;
  --raised: #ffffff;
  --sunken: #eef1f5;
  --text: #17202c;
  --muted: #4d5866;
  --faint: #626d7a;
  --line: #dce1e8;
  --strong-line: #8d97a5;
  --grid: #edf0f4;
  --accent: #1d4ed0;
  --accent-ground: #e6edfd;
  --on-accent: #ffffff;
  --good: #0a6b4b;
  --good-ground: #e0f3ea;
  --warn: #7f5200;
  --warn-ground: #fdf1d6;
  --bad: #b3241c;
  --bad-ground: #fde7e5;
  --running: #2b66cc;
  --held: #d99000;
  --moving: #9a4fc4;
  --starting: #5b9bdd;
  --ending: #8894a3;
  --busy: #ffffff;
  --shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 8px 28px rgb(20 30 50 / 14%);
  --row: 2.15;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}

:root[data-theme="dark"] {
  color-scheme: dark;
  --ground: #0d1117;
  --panel: #151a22;
  --raised: #1d242f;
  --sunken: #0f141b;
  --text: #e7ebf1;
  --muted: #aab4c1;
  --faint: #8e99a8;
  --line: #28303c;
  --strong-line: #66717f;
  --grid: #1f2631;
  --accent: #82aaff;
  --accent-ground: #1d2b4d;
  --on-accent: #0b1220;
  --good: #62d2a2;
  --good-ground: #11332a;
  --warn: #f2bd55;
  --warn-ground: #3a2c10;
  --bad: #ff8f85;
  --bad-ground: #43201e;
  --running: #5b93f5;
  --held: #f0b43c;
  --moving: #c58bea;
  --starting: #3e6ba6;
  --ending: #6b7686;
  --busy: #08111f;
  --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 12px 36px rgb(0 0 0 / 50%);
}

@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    color-scheme: dark;
    --ground: #0d1117;
    --panel: #151a22;
    --raised: #1d242f;
    --sunken: #0f141b;
    --text: #e7ebf1;
    --muted: #aab4c1;
    --faint: #8e99a8;
    --line: #28303c;
    --strong-line: #66717f;
    --grid: #1f2631;
    --accent: #82aaff;
    --accent-ground: #1d2b4d;
    --on-accent: #0b1220;
    --good: #62d2a2;
    --good-ground: #11332a;
    --warn: #f2bd55;
    --warn-ground: #3a2c10;
    --bad: #ff8f85;
    --bad-ground: #43201e;
    --running: #5b93f5;
    --held: #f0b43c;
    --moving: #c58bea;
    --starting: #3e6ba6;
    --ending: #6b7686;
    --busy: #08111f;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 12px 36px rgb(0 0 0 / 50%);
  }
}

* { box-sizing: border-box; }
html { font-size: clamp(87.5%, 0.78rem + 0.16vw, 112.5%); -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--text);
  font: 0.9286rem/1.45 Inter, "Segoe UI", system-ui, -apple-system, Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, dl, dd, dt, ul, ol, fieldset, pre { margin: 0; padding: 0; border: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.35rem; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 0.9286rem; font-weight: 600; }
h3 { font-size: 0.9286rem; font-weight: 600; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, kbd, pre, .mono { font-family: var(--mono); font-size: 0.92em; }
small { font-size: 0.857em; color: var(--faint); font-weight: 400; }
[hidden] { display: none !important; }
.faint { color: var(--faint); }
.bad-text { color: var(--bad); }
.hidden-text { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; top: 0; z-index: 30; padding: 0.5rem 1rem; background: var(--raised); }
.skip:focus { left: 0; }
.icon { width: 1em; height: 1em; flex: none; vertical-align: -0.125em; }

@media (min-width: 160rem) { html { font-size: clamp(100%, 0.5rem + 0.37vw, 162.5%); } }

/* Controls */

button, .button, select, input {
  font: inherit; color: inherit; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); min-height: 2rem; padding: 0.2rem 0.7rem;
}
button, .button { cursor: pointer; white-space: nowrap; display: inline-flex; align-items: center; justify-content: center; gap: 0.35rem; color: var(--text); }
button:hover, .button:hover { border-color: var(--strong-line); text-decoration: none; }
button:disabled, .button.off { cursor: not-allowed; color: var(--faint); background: var(--sunken); border-color: var(--line); }
.quiet { background: none; border-color: transparent; }
.quiet:hover { background: var(--sunken); }
.square { width: 2rem; padding: 0; }
.small { min-height: 1.7rem; padding: 0 0.55rem; }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.danger:not(:disabled) { color: var(--bad); }
dialog .danger:not(:disabled) { background: var(--bad); border-color: var(--bad); color: var(--panel); }
input[type="text"], input[type="search"], input[type="password"], select { width: 100%; border-color: var(--strong-line); background: var(--panel); }
select { width: auto; max-width: 100%; }
input::placeholder { color: var(--faint); opacity: 1; }
.choice { display: inline-flex; border: 1px solid var(--line); border-radius: 6px; background: var(--sunken); padding: 2px; min-width: 0; max-width: 100%; flex-wrap: wrap; position: relative; }
.choice label { padding: 0.12rem 0.6rem; border-radius: 4px; cursor: pointer; color: var(--muted); white-space: nowrap; }
.choice input:checked + label { background: var(--raised); color: var(--text); box-shadow: 0 0 0 1px var(--line), 0 1px 2px rgb(0 0 0 / 12%); }
.choice input:focus-visible + label { outline: 2px solid var(--accent); }
.toggle { min-height: 1.9rem; color: var(--muted); padding: 0 0.6rem; }
.toggle[aria-pressed="true"] { background: var(--accent-ground); border-color: var(--accent); color: var(--accent); }

/* Head */

#top { position: sticky; top: 0; z-index: 20; background: var(--panel); border-bottom: 1px solid var(--line); }
.topbar { display: flex; align-items: center; gap: 0.4rem 1rem; padding: 0.4rem clamp(0.75rem, 1.5vw, 2rem) 0.15rem; min-height: 2.9rem; }
.brand { display: flex; align-items: center; gap: 0.5rem; color: var(--text); font-weight: 650; font-size: 1.05rem; letter-spacing: -0.02em; }
.brand:hover { text-decoration: none; }
.brand img { width: 1.55rem; height: 1.55rem; display: block; }
.run { display: flex; align-items: center; gap: 0.6rem; min-width: 0; flex: 1; }
.run-name { font-family: var(--mono); font-size: 0.857rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 4rem; }
.reason { color: var(--faint); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; flex: 1; }
.right { display: flex; align-items: center; gap: 0.35rem; }
.pill { padding: 0.05rem 0.6rem; border-radius: 1rem; font-size: 0.857rem; font-weight: 600; background: var(--sunken); color: var(--muted); white-space: nowrap; }
.pill.running, .pill.training { background: var(--accent-ground); color: var(--accent); }
.pill.draining, .pill.closing, .pill.paused, .pill.interrupted { background: var(--warn-ground); color: var(--warn); }
.pill.finished { background: var(--good-ground); color: var(--good); }
.pill.failed { background: var(--bad-ground); color: var(--bad); }
.connection { display: inline-flex; align-items: center; gap: 0.4rem; color: var(--muted); font-size: 0.857rem; white-space: nowrap; margin-right: 0.4rem; }
.connection i { width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--ending); }
.connection.live i { background: var(--good); animation: beat 2.4s ease-out infinite; }
.connection.lost { color: var(--bad); font-weight: 600; }
.connection.lost i { background: var(--bad); border-radius: 1px; }
@keyframes beat { 0% { box-shadow: 0 0 0 0 color-mix(in srgb, var(--good) 55%, transparent); } 60%, 100% { box-shadow: 0 0 0 0.4rem transparent; } }
.commands { display: flex; gap: 0.35rem; position: static; inset: auto; margin: 0; border: 0; padding: 0; background: none; color: inherit; overflow: visible; width: auto; height: auto; }
.opener { display: none; }
nav { display: flex; gap: 0.15rem; padding: 0 clamp(0.4rem, 1.2vw, 1.6rem); overflow-x: auto; scrollbar-width: none; scroll-padding-inline: 2.5rem; }
nav a { padding: 0.35rem 0.75rem 0.5rem; color: var(--muted); border-bottom: 2px solid transparent; white-space: nowrap; }
nav a:hover { color: var(--text); text-decoration: none; }
nav a[aria-current] { color: var(--text); border-color: var(--accent); font-weight: 600; }
nav a:focus-visible { outline-offset: -3px; }
.banner { background: var(--warn-ground); color: var(--warn); padding: 0.45rem clamp(0.75rem, 1.5vw, 2rem); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 8rem; overflow: auto; }

/* Frame */

main { flex: 1; display: flex; flex-direction: column; padding: clamp(0.6rem, 1.1vw, 1.4rem) clamp(0.6rem, 1.5vw, 2rem) 2rem; min-width: 0; }
.view { display: flex; flex-direction: column; gap: clamp(0.6rem, 0.8vw, 1rem); min-width: 0; flex: 1; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 9px; min-width: 0; display: flex; flex-direction: column; }
.head { display: flex; align-items: center; flex-wrap: wrap; gap: 0.4rem 0.75rem; padding: 0.6rem 0.9rem 0.35rem; min-height: 2.7rem; }
.head h2 { overflow-wrap: anywhere; min-width: 0; }
.tools { display: flex; align-items: center; flex-wrap: wrap; gap: 0.4rem; margin-left: auto; min-width: 0; justify-content: flex-end; }
.body { padding: 0.2rem 0.9rem 0.9rem; min-width: 0; flex: 1; display: flex; flex-direction: column; }
.note { padding: 0 0.9rem 0.4rem; color: var(--faint); font-size: 0.893rem; max-width: 60rem; }
.hint { color: var(--faint); font-size: 0.893rem; }
.remark { color: var(--warn); padding: 0.3rem 0; }
.count { color: var(--faint); font-size: 0.893rem; }
.under { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 1rem; justify-content: space-between; margin-bottom: 0.2rem; }
.scroll { position: relative; overflow-x: auto; min-width: 0; max-width: 100%; }
.empty { padding: 1.4rem 1rem; text-align: center; color: var(--muted); margin: auto; max-width: 34rem; overflow-wrap: anywhere; }
.empty strong { display: block; font-weight: 600; color: var(--text); margin-bottom: 0.15rem; }
.empty.problem strong { color: var(--bad); }
.loading { display: grid; gap: 0.7rem; padding: 1rem; }
.loading i { height: 5rem; border-radius: 9px; background: var(--sunken); animation: wait 1.4s ease-in-out infinite alternate; }
@keyframes wait { to { opacity: 0.45; } }

/* Figures */

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11.5rem, 100%), 1fr)); background: var(--panel); border: 1px solid var(--line); border-radius: 9px; overflow: hidden; }
.figure { padding: 0.65rem 0.9rem 0.7rem; min-width: 0; box-shadow: 1px 1px 0 var(--line); }
.figure dt { color: var(--faint); font-size: 0.857rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.figure strong { display: block; font-size: 1.35rem; font-weight: 600; letter-spacing: -0.015em; line-height: 1.3; overflow-wrap: anywhere; }
.figure strong:empty { display: none; }
.figure strong small { font-size: 0.9286rem; letter-spacing: 0; }
.figure .more { display: flex; flex-wrap: wrap; gap: 0 0.3rem; align-items: baseline; color: var(--muted); font-size: 0.893rem; overflow-wrap: anywhere; }
.figure .part:not(:last-child)::after { content: ","; }
.figure .bad-text { display: inline-flex; gap: 0.25rem; align-items: center; }
.figure.lead strong { color: var(--accent); }
.shares { display: flex; width: 100%; height: 0.4rem; border-radius: 3px; overflow: hidden; gap: 1px; background: var(--sunken); margin: 0.15rem 0 0.25rem; }
.shares i { flex: var(--w) 1 0; min-width: 2px; background: var(--s); }
.figure .words { display: flex; flex-wrap: wrap; gap: 0 0.7rem; }

/* States. Each has a shape too. */

.status { display: inline-flex; align-items: center; gap: 0.3rem; white-space: nowrap; color: var(--muted); }
.status .icon, .chip .icon { color: var(--s); }
.running { --s: var(--running); } .held { --s: var(--held); } .assigned { --s: var(--starting); } .pending { --s: var(--strong-line); }
.paused { --s: var(--ending); } .completed { --s: var(--good); } .stopped { --s: var(--muted); } .failed { --s: var(--bad); }

/* Tables */

table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; }
thead th { color: var(--faint); font-size: 0.857rem; font-weight: 500; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; vertical-align: baseline; }
tbody tr { border-top: 1px solid var(--grid); }
.n { text-align: right; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 0.8rem; color: var(--muted); font-size: 0.857rem; }
.legend li { display: inline-flex; align-items: center; gap: 0.35rem; white-space: nowrap; }
.legend .unit { color: var(--faint); margin-left: -0.4rem; overflow: hidden; text-overflow: ellipsis; max-width: 12rem; }
.rung-mark { display: inline-block; width: 0.65rem; height: 0.65rem; border-radius: 3px; background: var(--c); margin-right: 0.35rem; flex: none; }
.legend .rung-mark { margin-right: 0; }

/* Charts */

.plot { position: relative; width: 100%; min-width: 0; border-radius: 5px; height: 20rem; }
.plot.tall { min-height: clamp(15rem, 34vh, 34rem); height: auto; flex: 1 0 auto; }
.plot.taller { min-height: clamp(19rem, calc(100vh - 15.5rem), 75rem); height: auto; flex: 1 0 auto; }
.plot.short { height: auto; min-height: clamp(11rem, 22vh, 18rem); flex: 1 0 auto; }
.plot.picks { cursor: pointer; }
.plot canvas, .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.marks { pointer-events: none; }
.axes .grid { stroke: var(--grid); }
.axes .axis, .slope .axis { stroke: var(--strong-line); stroke-opacity: 0.7; }
.plot .axes { z-index: 0; }
.plot canvas { z-index: 1; }
.plot .marks { z-index: 2; }
.tick { fill: var(--faint); font-size: 0.786rem; }
.axes .name { fill: var(--text); font-size: 0.857rem; font-weight: 600; }
.plot.over .axes { z-index: 2; pointer-events: none; }
.halo { paint-order: stroke; stroke: var(--panel); stroke-width: 0.3rem; stroke-linejoin: round; fill: var(--text); }
.axes .area { fill: var(--accent); fill-opacity: 0.08; }
.axes .step { fill: none; stroke: var(--accent); stroke-width: 2.2; }
.axes .cut-off { stroke: var(--bad); stroke-width: 2; }
.tip { position: absolute; left: 0; top: 0; z-index: 5; pointer-events: none; background: var(--raised); border: 1px solid var(--line); border-radius: 7px; box-shadow: var(--shadow); padding: 0.4rem 0.65rem; font-size: 0.857rem; color: var(--muted); max-width: min(22rem, 92%); width: max-content; overflow-wrap: anywhere; }
.tip strong { color: var(--text); font-weight: 600; }

/* Dialogs, notices */

dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--raised); color: var(--text); box-shadow: var(--shadow); padding: 1.2rem 1.3rem; width: min(33rem, calc(100vw - 1.5rem)); max-height: calc(100vh - 2rem); overflow: auto; }
dialog::backdrop { background: rgb(8 12 20 / 45%); }
dialog h2 { font-size: 1.1rem; margin-bottom: 0.6rem; overflow-wrap: anywhere; }
dialog .content { color: var(--muted); display: grid; gap: 0.9rem; min-width: 0; }
dialog .actions { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0.5rem; margin-top: 1.2rem; }
.wrong { color: var(--bad); margin-top: 0.8rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr)); gap: 0.7rem 1rem; }
.field { display: grid; gap: 0.2rem; min-width: 0; align-content: end; }
.field label { color: var(--text); overflow-wrap: anywhere; }
.field select { width: 100%; }
.fields.sums .field { align-content: start; }
.whole { white-space: nowrap; }
.field output { color: var(--faint); font-size: 0.893rem; overflow-wrap: anywhere; }
.field output.sum { color: var(--text); }
.keys { display: grid; grid-template-columns: max-content 1fr; gap: 0.4rem 1rem; align-items: baseline; }
.keys dd { margin: 0; }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 5px; padding: 0.05rem 0.4rem; color: var(--text); }
#toasts { position: fixed; right: 1rem; bottom: 1rem; z-index: 40; display: grid; gap: 0.5rem; max-width: calc(100vw - 2rem); }
.toast { background: var(--raised); border: 1px solid var(--line); border-left: 3px solid var(--accent); border-radius: 8px; padding: 0.6rem 0.9rem; box-shadow: var(--shadow); overflow-wrap: anywhere; max-width: 26rem; }
.toast.good { border-left-color: var(--good); }
.toast.error { border-left-color: var(--bad); }

/* Narrow screens */

@media (max-width: 75rem) {
  .reason { display: none; }
  .opener { display: inline-flex; }
  .commands:not(:popover-open) { display: none; }
  .commands:popover-open { position: fixed; inset: 3.2rem 0.75rem auto auto; flex-direction: column; align-items: stretch; background: var(--raised); border: 1px solid var(--line); border-radius: 9px; padding: 0.5rem; box-shadow: var(--shadow); }
  .commands button { justify-content: flex-start; }
}
@media (max-width: 40rem) {
  .topbar { flex-wrap: wrap; padding-bottom: 0.3rem; }
  .brand span { display: none; }
  .run { order: 3; flex-basis: 100%; justify-content: space-between; }
  .right { margin-left: auto; min-width: 0; }
  .connection { margin-right: 0.1rem; white-space: normal; }
  .head { padding: 0.55rem 0.7rem 0.3rem; }
  .body { padding: 0.2rem 0.7rem 0.7rem; }
  .note { padding: 0 0.7rem 0.3rem; }
  .tools { margin-left: 0; justify-content: flex-start; }
  .plot.taller { min-height: 24rem; }
  .plot.tall { min-height: 16rem; }
  nav a { padding: 0.4rem 0.6rem 0.55rem; }
  nav { padding: 0 1rem; mask-image: linear-gradient(90deg, transparent, #000 1rem, #000 calc(100% - 2rem), transparent); }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
}
@media (forced-colors: active) {
  .shares i, .rung-mark, .slot, .swatch, .span-mark, .ladder .stack i { forced-color-adjust: none; }
}
@media print {
  #top { position: static; }
  .right, nav { display: none; }
}

"""###

private let file28: StaticString = ###"""
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

"""###

private let file29: StaticString = ###"""
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

"""###

private let file30: StaticString = ###"""
// Hosts and their slots, now and over time.

import { Timeline } from "./chart-timeline.js"
import { addHost, drainHost } from "./commands.js"
import { h, replace } from "./dom.js"
import { moment, name, oneLine } from "./format.js"
import { slotLegend, slotMark } from "./host-strip.js"
import { choice, empty, icon, panel, problem } from "./parts.js"

const SPANS = [["all", "All"], ["21600", "6 h"], ["3600", "1 h"], ["900", "15 min"], ["120", "2 min"]]

export function open(app, root) {
  const timeline = new Timeline(app)
  const button = (text, label, action) => h("button.quiet.square", { type: "button", "aria-label": label, title: label, onclick: action }, text)
  const over = panel("Over time", {
    name: "fills", tools: [choice("How much time", SPANS, "all", (key) => timeline.show(key === "all" ? null : Number(key))),
      h("span.buttons", null, button("←", "Earlier", () => timeline.pan(-0.5)), button("→", "Later", () => timeline.pan(0.5)),
        button("−", "Wider", () => timeline.zoom(2)), button("+", "Closer", () => timeline.zoom(0.5)))],
    body: [timelineLegend(), timeline.element],
  })
  const list = panel("Hosts", { name: "host-list" })
  replace(root, h("h1.hidden-text", null, "Hosts"), over.element, list.element)
  const source = app.sources.add("hosts", {}, {
    data(data) {
      over.element.hidden = data.hosts.length === 0
      replace(list.content, data.hosts.length === 0 ? empty("No host yet.") : [slotLegend(), h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Hosts" }, table(data.hosts, app))])
    },
    problem: (error) => replace(list.content, problem(error)),
  }, 1000)
  return {
    close() {
      source.close()
      timeline.close()
    },
  }
}

function timelineLegend() {
  return h("ul.legend.timeline-legend", { "aria-label": "Colours of the timeline" },
    [["running", "runs"], ["held", "held at its milestone"], ["starting", "starting"], ["moving", "its checkpoint moves"], ["ending", "ending"], ["idle", "idle"], ["away", "not in use"], ["lost", "lost"]]
      .map(([kind, text]) => h("li", null, h("i.span-mark", { class: kind }), text)))
}

function table(hosts, app) {
  return h("table.hosts-table", null,
    h("thead", null, h("tr", null, ["Host", "State", "Slots", "Why, and what comes next"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col" }, h("span.hidden-text", null, "Commands")))),
    h("tbody", null, hosts.map((host) => h("tr", { class: host.troubled ? "troubled" : null },
      h("th", { scope: "row", title: oneLine(host.host) }, name(host.host, 48), host.joined && h("small.faint", null, " joined")),
      h("td", null, h("span.host-state", { class: host.troubled ? "bad" : host.state === "ready" ? "good" : "between" }, icon(host.troubled ? "warning" : host.state === "ready" ? "completed" : "pending"), host.state),
        host.since !== null && host.state !== "ready" && h("small.faint", null, ` since ${moment(host.since, app.run.now)}`)),
      h("td", null, host.slots.length ? h("span.slots", null, host.slots.map((slot) => slotMark(slot))) : h("span.faint", null, "none")),
      h("td.why", null, [host.reason, host.next, host.note].filter(Boolean).map((text) => h("div", null, oneLine(text))), host.slots.filter((slot) => slot.unusable).map((slot) => h("div", null, `slot ${slot.slot}: ${oneLine(slot.unusable)}`))),
      h("td.act", null, app.canCommand && host.can.map((word) => word === "drain_host"
        ? h("button.small", { type: "button", onclick: () => drainHost(app, host.host), "aria-label": `Drain ${name(host.host)}` }, "Drain…")
        : h("button.small", { type: "button", onclick: () => addHost(app, host.host), "aria-label": `Try ${name(host.host)} again` }, host.state === "draining" ? "Bring back" : "Try again"))))))
  )
}

"""###

private let file31: StaticString = ###"""
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

"""###

private let file32: StaticString = ###"""
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

"""###

private let file33: StaticString = ###"""
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

"""###

private let file34: StaticString = ###"""
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

"""###

private let file35: StaticString = ###"""
// The table of trials. Only the rows in sight are in the page; the server sorts and filters.

import { get } from "./api.js"
import { h, onceAFrame, replace, say } from "./dom.js"
import { filterHelp } from "./help.js"
import { compact, count, duration, name, oneLine, parameter, plural, value } from "./format.js"
import { STATUS_ORDER, empty, icon, problem, rungMark, sentence, status } from "./parts.js"

const PAGE = 100
/** Characters of a filter. */
const LONGEST = 500
/** Browsers bound how tall a thing may be; beyond, the scroll bar stands for more than its length. */
const TALLEST = 8_000_000

export function open(app, root, settings) {
  return new TrialsView(app, root, settings)
}

class TrialsView {
  constructor(app, root, settings) {
    this.app = app
    const run = app.run
    this.levels = (run.brackets[0]?.levels.length ?? 0) + 1
    this.parameters = run.space.filter((entry) => entry.type !== "constant")
    this.columns = [
      { key: "trial", title: "Trial", n: true, cell: (row) => h("a.trial", { href: `#/trials/${row.trial}`, tabindex: -1 }, `#${row.trial}`) },
      { key: "status", title: "Status", cell: (row) => status(row.status) },
      { key: "value", title: `best ${name(run.metric, 24)}`, n: true, first: "best", cell: (row) => value(row.value) },
      { key: "last_value", title: "last", n: true, first: "best", cell: (row) => value(row.last_value) },
      { key: "resource", title: name(run.resource_attr, 16), n: true, first: "desc", cell: (row) => [rungMark(row.level, this.levels), compact(row.resource), h("small", null, `/${compact(row.milestone)}`)] },
      { key: "host", title: "Where", cell: (row) => (row.host === null ? "" : `${name(row.host, 20)}/${row.slot}`) },
      { key: "slot_seconds", title: "Slot time", n: true, first: "desc", cell: (row) => duration(row.slot_seconds) },
      { key: "attempt", title: "Attempts", n: true, first: "desc", cell: (row) => String(row.attempt) + (row.restarts ? ` (${row.restarts} again)` : "") },
      ...this.parameters.map((entry) => ({
        key: `parameter:${entry.name}`, parameter: entry.name, title: name(entry.name, 24), n: !entry.values || entry.values.every((one) => typeof one === "number"),
        cell: (row) => (Object.hasOwn(row.configuration, entry.name) ? name(parameter(row.configuration[entry.name]), 24) : ""),
      })),
    ]
    const known = (key) => this.columns.some((column) => column.key === key)
    this.sort = known(settings.get("sort")) ? settings.get("sort") : "trial"
    this.order = ["asc", "desc", "best"].includes(settings.get("order")) ? settings.get("order") : "desc"
    this.chosen = new Set((settings.get("status") ?? "").split(",").filter((word) => STATUS_ORDER.includes(word)))
    this.text = (settings.get("filter") ?? settings.get("text") ?? "").slice(0, LONGEST)
    this.pages = new Map()
    this.matched = 0
    this.cursor = 0
    this.generation = 0
    this.build(root)
    this.ask()
  }

  build(root) {
    this.filter = h("input.filter", {
      id: "filter", type: "search", placeholder: "Filter: #12, lr<0.01, status=failed, words …", "aria-label": "Filter", "aria-describedby": "filter-problem", maxlength: LONGEST, autocomplete: "off", spellcheck: "false", value: this.text,
      title: "Terms with spaces between them, all of which must hold: #12, name<number, name=text, words, \"quoted text\"", oninput: () => this.typed(),
    })
    this.problem = h("p.filter-problem", { id: "filter-problem", role: "status", hidden: true })
    this.box = h("div.filter-box", null, this.filter, h("button.quiet.square", { type: "button", "aria-label": "What the filter understands", title: "What the filter understands", onclick: () => filterHelp(this.app.run) }, "?"), this.problem)
    this.chips = h("div.chips", { role: "group", "aria-label": "Status" }, STATUS_ORDER.map((word) => h("button.chip", {
      type: "button", class: word, "aria-pressed": String(this.chosen.has(word)), "data-word": word, onclick: (event) => this.pick(word, event.currentTarget),
    }, icon(word), word, h("span.n"))))
    this.told = h("span.count", { role: "status" })
    this.compare = h("a.button.small", { href: "#/curves", hidden: true }, "Compare curves")
    this.head = h("tr", { "aria-rowindex": 1 }, this.columns.map((column) => {
      const button = h("button", { type: "button", onclick: () => this.turnTo(column) }, h("span", null, column.title), h("span.arrow", { "aria-hidden": "true" }))
      column.head = h("th", { scope: "col", class: column.n ? "n" : null, title: oneLine(column.parameter ?? column.title) }, button)
      return column.head
    }))
    this.body = h("tbody")
    this.above = h("tr.spacer", { "aria-hidden": "true" }, h("td", { colspan: this.columns.length }))
    this.below = h("tr.spacer", { "aria-hidden": "true" }, h("td", { colspan: this.columns.length }))
    this.table = h("table.trials-table", { "aria-label": "Trials", "aria-colcount": this.columns.length }, h("thead", null, this.head), h("tbody.space", { "aria-hidden": "true" }, this.above), this.body, h("tbody.space", { "aria-hidden": "true" }, this.below))
    this.scroller = h("div.scroll.table-area", { tabindex: 0, role: "region", "aria-label": "Trials. Up and down go from row to row, Enter opens a trial, Space chooses it for comparison." }, this.table)
    this.nothing = h("div")
    this.render = onceAFrame(() => this.draw())
    this.scroller.addEventListener("scroll", this.render, { passive: true })
    this.scroller.addEventListener("keydown", (event) => this.key(event))
    this.observer = new ResizeObserver(this.render)
    this.observer.observe(this.scroller)
    this.selected = new Set()
    replace(root, h("h1.hidden-text", null, "Trials"), h("section.panel.fills.table-panel", { "aria-label": "Trials" }, h("div.head.wraps", null, this.box, this.chips, this.compare, this.told), this.scroller, this.nothing))
    this.run(this.app.run)
    this.showSort()
  }

  run(run) {
    for (const chip of this.chips.children) {
      const n = run.totals.by_status[chip.dataset.word]
      say(chip.lastChild, n ? compact(n) : "")
      chip.classList.toggle("none", !n)
    }
    this.refresh()
  }

  back() {
    this.ask()
  }

  // The question

  get query() {
    const column = this.columns.find((one) => one.key === this.sort)
    return { sort: column.parameter !== undefined ? "parameter" : column.key, parameter: column.parameter, order: this.order, status: [...this.chosen], filter: this.text.trim() }
  }

  typed() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.text = this.filter.value
      this.anew()
    }, 180)
  }

  pick(word, chip) {
    if (this.chosen.has(word)) this.chosen.delete(word)
    else this.chosen.add(word)
    chip.setAttribute("aria-pressed", String(this.chosen.has(word)))
    this.anew()
  }

  turnTo(column) {
    const orders = column.first === "best" ? ["best", column.key && this.app.run.mode === "min" ? "desc" : "asc"] : column.first === "desc" ? ["desc", "asc"] : ["asc", "desc"]
    this.order = this.sort === column.key ? orders[(orders.indexOf(this.order) + 1) % 2] : orders[0]
    this.sort = column.key
    this.showSort()
    this.anew()
  }

  showSort() {
    for (const column of this.columns) {
      const isSorted = column.key === this.sort
      const rises = this.order === "asc" || (this.order === "best" && this.app.run.mode === "min")
      if (isSorted) column.head.setAttribute("aria-sort", rises ? "ascending" : "descending")
      else column.head.removeAttribute("aria-sort")
      say(column.head.querySelector(".arrow"), isSorted ? (rises ? "↑" : "↓") : "")
    }
  }

  /** Another question: from the top. */
  anew() {
    const isPlain = this.sort === "trial" && this.order === "desc"
    this.app.keep("trials", { sort: isPlain ? "" : this.sort, order: isPlain ? "" : this.order, status: [...this.chosen].join(","), filter: this.text.trim() })
    this.scroller.scrollTop = 0
    this.cursor = 0
    this.ask()
  }

  ask() {
    this.generation += 1
    this.refused = false
    this.stale = this.pages
    this.pages = new Map()
    this.asking = new Set()
    this.fetch(0)
    this.render()
  }

  /** The run has changed: what is in sight is read again, not more often than every two seconds. */
  refresh() {
    if (this.refreshing || !this.rowHeight) return
    this.refreshing = setTimeout(() => {
      this.refreshing = null
      if (this.over || document.hidden) return
      const [first, last] = this.sight()
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) this.fetch(page, true)
      for (const page of [...this.pages.keys()]) {
        if (page < Math.floor(first / PAGE) - 2 || page > Math.floor(last / PAGE) + 2) this.pages.delete(page)
      }
    }, 2000)
  }

  async fetch(page, again = false) {
    if (this.refused || this.asking.has(page) || (!again && this.pages.has(page))) return
    this.asking.add(page)
    const generation = this.generation
    try {
      const data = await get("trials", { ...this.query, offset: page * PAGE, limit: PAGE })
      if (generation !== this.generation || this.over) return
      this.pages.set(page, data.rows)
      this.matched = data.matched
      this.total = data.total
      this.stale = null
      this.refuse(null)
      say(this.told, data.matched === data.total ? plural(data.total, "trial") : `${count(data.matched)} of ${count(data.total)}`)
      replace(this.nothing, data.matched === 0 && (data.total === 0 ? empty("No trial yet.", "Trials appear as soon as a host is ready.") : empty("No trial matches.")))
    } catch (error) {
      if (generation !== this.generation || this.over) return
      if (error.status === 400 && this.query.filter) this.refuse(error.message)
      else replace(this.nothing, problem(error))
    } finally {
      if (generation === this.generation) this.asking.delete(page)
      if (!this.over) this.render()
    }
  }

  /** A filter that cannot be understood: what is wrong with it is said, and what was there before stays. */
  refuse(words) {
    this.refused = words !== null
    this.problem.hidden = !this.refused
    replace(this.problem, words !== null && sentence(words))
    this.filter.setAttribute("aria-invalid", String(this.refused))
    this.scroller.classList.toggle("old", this.refused)
    if (!this.refused) return
    this.pages = this.stale ?? this.pages
    say(this.told, "")
  }

  // The rows

  sight() {
    const height = this.rowHeight
    const whole = this.matched * height
    const shrink = whole > TALLEST ? whole / TALLEST : 1
    const first = Math.max(0, Math.floor((this.scroller.scrollTop * shrink) / height) - 4)
    return [first, Math.min(this.matched, first + Math.ceil(this.scroller.clientHeight / height) + 10), shrink]
  }

  draw() {
    this.rowHeight = parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize) || 30
    const [first, last, shrink] = this.sight()
    const rows = []
    for (let index = first; index < last; index++) {
      const page = Math.floor(index / PAGE)
      const row = (this.pages.get(page) ?? this.stale?.get(page))?.[index % PAGE]
      if (!row) this.fetch(page)
      rows.push(this.row(index, row))
    }
    const height = this.rowHeight
    this.above.style.setProperty("height", `${(first * height) / shrink}px`)
    this.below.style.setProperty("height", `${Math.max(0, ((this.matched - last) * height) / shrink)}px`)
    this.table.setAttribute("aria-rowcount", String(this.matched + 1))
    this.table.classList.toggle("empty-table", this.matched === 0)
    this.body.replaceChildren(...rows)
    this.scroller.dataset.drawn = String(Number(this.scroller.dataset.drawn ?? 0) + 1)
  }

  row(index, row) {
    const element = h("tr", { "aria-rowindex": index + 2, class: [index === this.cursor && "cursor", row && this.selected.has(row.trial) && "selected", index % 2 && "odd"].filter(Boolean).join(" ") })
    if (!row) {
      element.append(h("td.waiting", { colspan: this.columns.length }, "…"))
      return element
    }
    for (const column of this.columns) element.append(h("td", { class: column.n ? "n" : null }, column.cell(row)))
    if (row.failure) element.title = oneLine(row.failure)
    element.addEventListener("click", (event) => {
      if (event.target.closest("a") || getSelection()?.toString()) return
      this.cursor = index
      if (event.ctrlKey || event.metaKey || event.shiftKey) this.select(row.trial)
      else location.hash = `#/trials/${row.trial}`
    })
    return element
  }

  select(trial) {
    if (!this.selected.delete(trial)) this.selected.add(trial)
    this.compare.hidden = this.selected.size === 0
    this.compare.setAttribute("href", `#/curves?ids=${[...this.selected].slice(0, 100).join(",")}`)
    say(this.compare, `Compare ${this.selected.size} curve${this.selected.size === 1 ? "" : "s"}`)
    this.render()
  }

  key(event) {
    if (event.target !== this.scroller || event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2)
    const move = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity }[event.key]
    const row = this.pages.get(Math.floor(this.cursor / PAGE))?.[this.cursor % PAGE]
    if (move) {
      this.cursor = Math.min(this.matched - 1, Math.max(0, this.cursor + move))
      const [, , shrink] = this.sight()
      const at = (this.cursor * this.rowHeight) / shrink
      const room = this.scroller.clientHeight - 2 * this.rowHeight
      if (at < this.scroller.scrollTop) this.scroller.scrollTop = at
      else if (at > this.scroller.scrollTop + room - this.rowHeight) this.scroller.scrollTop = at - room + this.rowHeight
      this.render()
    } else if (event.key === "Enter" && row) location.hash = `#/trials/${row.trial}`
    else if (event.key === " " && row) this.select(row.trial)
    else return
    event.preventDefault()
  }

  close() {
    this.over = true
    clearTimeout(this.timer)
    clearTimeout(this.refreshing)
    this.observer.disconnect()
  }
}

"""###

private let file36: StaticString = ###"""
/* What single views need. */

/* Overview */

@media (min-width: 62rem) { .figure.wide { grid-column: span 2; } }

.grid { display: grid; gap: clamp(0.6rem, 0.8vw, 1rem); grid-template-columns: minmax(0, 1fr); align-items: stretch; }
.column { display: flex; flex-direction: column; gap: clamp(0.6rem, 0.8vw, 1rem); min-width: 0; }
.column > :first-child { flex: 1; }
.overview .event-list { max-height: 19rem; }
.lead-line { color: var(--muted); margin-bottom: 0.35rem; }
.settings { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.2rem 1rem; }
.settings dt { color: var(--muted); overflow-wrap: anywhere; }
.settings dd { overflow-wrap: anywhere; text-align: right; }
.limits { display: grid; gap: 0.6rem; }
.limits li { display: grid; grid-template-columns: 1fr auto; gap: 0.1rem 0.6rem; }
.meter { grid-column: 1 / -1; height: 0.35rem; border-radius: 3px; background: var(--sunken); overflow: hidden; }
.meter i { display: block; height: 100%; width: calc(var(--w) * 100%); background: var(--accent); border-radius: 3px; }
@media (min-width: 62rem) {
  .overview .grid { grid-template-columns: repeat(12, minmax(0, 1fr)); }
  .overview .best { grid-column: span 8; }
  .overview .column { grid-column: span 4; }
  .overview .configuration, .overview .hosts { grid-column: span 4; }
  .overview .events { grid-column: span 4; }
}
@media (min-width: 150rem) {
  .overview .best { grid-column: span 9; }
  .overview .column { grid-column: span 3; }
  .overview .plot.tall { min-height: 46vh; }
  .overview .configuration { grid-column: span 3; }
  .overview .hosts { grid-column: span 5; }
}

/* Hosts as squares */

.host-strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(12.5rem, 100%), 1fr)); gap: 0.1rem 1.2rem; max-height: 19rem; overflow-y: auto; margin-top: 0.4rem; }
.host-strip li { display: flex; flex-wrap: wrap; align-items: center; gap: 0.1rem 0.5rem; padding: 0.15rem 0; min-width: 0; }
.host-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.host-strip .slots { margin-left: auto; }
.host-strip .state { color: var(--faint); font-size: 0.857rem; }
.troubled .host-name, .troubled .state { color: var(--bad); }
.host-name .icon { margin-right: 0.25rem; }
.slots { display: inline-flex; flex-wrap: wrap; gap: 3px; }
.slot { display: inline-block; width: 0.85rem; height: 0.85rem; border-radius: 3px; background: var(--s); flex: none; }
a.slot:hover { outline: 2px solid var(--text); outline-offset: 1px; }
.slot.idle { --s: transparent; border: 1px solid var(--strong-line); }
.slot.unusable { --s: transparent; border: 1px solid var(--bad); background: linear-gradient(135deg, transparent 44%, var(--bad) 44% 56%, transparent 56%); }
.slot.moving { --s: var(--moving); }
.slot.held { background: linear-gradient(90deg, var(--held) 40%, transparent 40% 60%, var(--held) 60%); }

/* Rungs */

.ladder { font-variant-numeric: tabular-nums; }
.ladder th, .ladder td { padding-top: 0.22rem; padding-bottom: 0.22rem; vertical-align: middle; }
.ladder tbody th { white-space: nowrap; width: 1%; }
.ladder .level { display: inline-block; min-width: 2.4em; text-align: right; font-weight: 600; }
.ladder .tag { font-size: 0.786rem; margin-left: 0.45rem; color: var(--accent); background: var(--accent-ground); border-radius: 4px; padding: 0.05rem 0.35rem; }
.ladder .bar { width: 60%; min-width: 8rem; }
.ladder.brief .bar { width: 100%; min-width: 5rem; padding-right: 0; }
.track { display: flex; align-items: center; gap: 0.5rem; min-width: 0; }
.stack { display: flex; height: 1.15rem; border-radius: 4px; overflow: hidden; gap: 1px; min-width: 2px; flex: none; width: calc((100% - 4.6rem) * var(--share)); }
.brief .stack { height: 0.95rem; }
.stack i { flex: var(--w) 1 0; min-width: 0; background: var(--c); }
.stack .rest, .swatch.rest { opacity: 0.45; }
.stack .waiting { background: color-mix(in srgb, var(--c) 42%, var(--panel)); }
.stack .on-the-way { background: repeating-linear-gradient(135deg, var(--c) 0 2px, transparent 2px 5px); }
.counts { color: var(--text); font-size: 0.857rem; white-space: nowrap; min-width: 3.4rem; }
.beyond th, .beyond .counts { color: var(--faint); }
.beyond .level { font-weight: 400; }
tr.maximum { box-shadow: inset 0 2px 0 var(--accent); }
.swatch { display: inline-block; width: 1.1rem; height: 0.7rem; border-radius: 3px; --c: var(--running); background: var(--c); }
.swatch.waiting { background: color-mix(in srgb, var(--c) 42%, var(--panel)); }
.swatch.on-the-way { background: repeating-linear-gradient(135deg, var(--c) 0 2px, transparent 2px 5px); }
.ladder-legend { margin-bottom: 0.4rem; }
.rises { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(31rem, 100%), 1fr)); gap: 0.9rem 2rem; }
.rises > li { display: grid; grid-template-columns: minmax(8rem, 11rem) minmax(0, 1fr); gap: 0.3rem 1rem; align-items: start; }
.rises h3 { display: flex; flex-wrap: wrap; gap: 0 0.7rem; align-items: baseline; }
h3 > .when { margin-left: 0.7rem; }
.view.rungs .rungs .scroll + h3 { margin-top: 1.1rem; }
.rises .when { margin-left: 0; }
.rises .when, h3 > .when { color: var(--faint); font-weight: 400; font-size: 0.893rem; }
.rises p { color: var(--muted); overflow-wrap: anywhere; }
.slope { width: 100%; background: var(--sunken); border-radius: 7px; }
.slope line.runner, .slope circle.runner { stroke: var(--accent); fill: var(--accent); }
.slope line.holder, .slope circle.holder { stroke: var(--held); fill: var(--held); }
.slope line.runner, .slope line.holder { stroke-width: 2.2; }
.slope line.holder { stroke-dasharray: 5 3; }
.slope circle { stroke: var(--sunken) !important; stroke-width: 1.5; }
.slope .epsilon { fill: var(--held); fill-opacity: 0.22; }
.pair { width: auto; margin: 0.3rem 0; }
.pair .key { display: inline-block; width: 0.8rem; height: 0.2rem; border-radius: 2px; margin-right: 0.4rem; vertical-align: middle; background: var(--accent); }
.pair .holder .key { background: var(--held); }
.pair .holder { --s: initial; }
@media (min-width: 80rem) {
  .view.rungs { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-content: start; }
  .view.rungs .pairs { grid-column: 1 / -1; }
  .view.rungs:has(.rise[hidden]) { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  .rises > li { grid-template-columns: 1fr; }
  .slope { max-width: 13rem; }
}

/* Hyperparameters */

.parallel .plot { min-width: calc(var(--axes, 4) * 5.6rem); }
.parallel { display: flex; }
.handles .brush { position: absolute; z-index: 3; left: calc(var(--x) - 0.6rem); top: var(--top); width: 1.2rem; height: var(--high); cursor: crosshair; touch-action: none; }
.brush .range { position: absolute; left: 0.28rem; right: 0.28rem; top: calc(var(--from) * 1%); bottom: calc((100 - var(--to)) * 1%); border-radius: 3px; }
.brush.chosen .range { background: color-mix(in srgb, var(--accent) 26%, transparent); box-shadow: 0 0 0 1.5px var(--accent); }
.handle { position: absolute; left: 0; width: 1.2rem; height: 0.6rem; cursor: ns-resize; }
.handle.upper { top: calc(var(--from) * 1% - 0.6rem); }
.handle.lower { top: calc(var(--to) * 1%); }
.brush.chosen .handle::after, .handle:focus-visible::after { content: ""; position: absolute; left: 0.1rem; right: 0.1rem; top: 0.22rem; height: 0.2rem; border-radius: 2px; background: var(--accent); }
.shares-table th { max-width: 16rem; overflow-wrap: anywhere; width: 1%; white-space: nowrap; }
.shares-table .bar { width: 80%; padding-right: 0; vertical-align: middle; }
.whiskers { position: relative; height: 1rem; }
.whiskers .share { position: absolute; inset: 0 auto 0 0; width: calc(var(--share) * 100%); background: var(--c); border-radius: 3px; }
.whiskers .whisker { position: absolute; top: calc(50% - 1px); height: 2px; left: calc(var(--low) * 100%); width: calc((var(--high) - var(--low)) * 100%); background: var(--text); box-shadow: 0 0 0 1px var(--panel); }
.whiskers .whisker::before, .whiskers .whisker::after { content: ""; position: absolute; top: -0.25rem; height: calc(0.5rem + 2px); width: 2px; background: var(--text); box-shadow: 0 0 0 1px var(--panel); }
.whiskers .whisker::before { left: 0; } .whiskers .whisker::after { right: 0; }
.view.parameters .plot.taller { min-height: clamp(22rem, calc(100vh - 28rem), 60rem); }

/* Timeline */

.timeline { position: relative; }
.lanes { position: relative; overflow-y: auto; overflow-x: hidden; height: min(var(--lanes, 12rem), clamp(16rem, 58vh, 80rem)); border-radius: 5px; }
.lanes .stay { position: sticky; top: 0; height: 0; width: 100%; z-index: 1; }
.lanes .stay canvas { position: absolute; left: 0; top: 0; }
.lanes .axes { position: absolute; left: 0; top: 0; width: 100%; pointer-events: none; }
.lanes .axes .grid { stroke: var(--strong-line); stroke-opacity: 0.18; }
.lanes .spacer { height: var(--lanes); }
.lanes.picks { cursor: pointer; }
.span-mark { display: inline-block; width: 1.1rem; height: 0.7rem; border-radius: 3px; background: var(--s); }
.span-mark.held { height: 0.4rem; }
.span-mark.starting { --s: var(--starting); height: 0.22rem; } .span-mark.moving { --s: var(--moving); height: 0.22rem; } .span-mark.ending { --s: var(--ending); height: 0.22rem; }
.span-mark.idle { --s: transparent; border: 1px solid var(--line); }
.span-mark.away { background: repeating-linear-gradient(135deg, var(--faint) 0 1px, transparent 1px 4px); }
.span-mark.lost { background: repeating-linear-gradient(135deg, var(--bad) 0 1px, transparent 1px 4px); }
.timeline-legend { margin-bottom: 0.5rem; }
.buttons { display: inline-flex; }
.hosts-table { margin-top: 0.5rem; min-width: 44rem; }
.hosts-table th[scope="row"] { overflow-wrap: anywhere; max-width: 18rem; font-weight: 600; }
.hosts-table td { vertical-align: middle; }
.hosts-table th { vertical-align: middle; }
.host-state { display: inline-flex; align-items: center; gap: 0.3rem; white-space: nowrap; }
.host-state.bad { color: var(--bad); } .host-state.good { color: var(--muted); } .host-state.good .icon { color: var(--good); } .host-state.between { color: var(--warn); }
.hosts-table .why { width: 40%; font-size: 0.893rem; color: var(--muted); overflow-wrap: anywhere; }
.act { text-align: right; padding-right: 0; white-space: nowrap; }

/* Trials */

.view.trials { height: calc(100vh - 7.4rem); min-height: 26rem; flex: none; }
.table-panel { flex: 1; min-height: 0; }
.wraps { row-gap: 0.5rem; padding-bottom: 0.6rem; }
.filter-box { flex: 1 1 17rem; min-width: 9rem; max-width: 36rem; display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.3rem; }
.filter-problem { grid-column: 1 / -1; color: var(--bad); font-size: 0.893rem; overflow-wrap: anywhere; }
.table-area.old { opacity: 0.75; }
.terms { grid-template-columns: minmax(0, max-content) minmax(8rem, 1fr); }
.terms dt { overflow-wrap: anywhere; color: var(--text); }
.way-on { padding-top: 0.7rem; overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: 0.3rem; }
.chip { min-height: 1.75rem; padding: 0 0.55rem; border-radius: 1rem; color: var(--muted); font-size: 0.893rem; }
.chip .n { color: var(--faint); }
.chip .n:empty { display: none; }
.chip.none { opacity: 1; color: var(--faint); border-style: dashed; }
.chip[aria-pressed="true"] { background: var(--accent-ground); border-color: var(--accent); color: var(--text); border-style: solid; }
.chip[aria-pressed="true"] .n { color: var(--muted); }
.table-panel .count { margin-left: auto; }
.table-area { overflow: auto; flex: 1; border-top: 1px solid var(--line); min-height: 0; }
.table-area:focus-visible { outline-offset: -2px; }
.trials-table { width: max-content; min-width: 100%; border-collapse: separate; border-spacing: 0; }
.trials-table thead th { position: sticky; top: 0; z-index: 2; background: var(--panel); border-bottom: 1px solid var(--line); padding: 0; white-space: nowrap; }
.trials-table thead button { border: 0; background: none; color: var(--faint); padding: 0 0.7rem; min-height: 2.1rem; width: 100%; justify-content: flex-start; font-size: 0.857rem; gap: 0.2rem; border-radius: 0; }
.trials-table thead .n button { justify-content: flex-end; }
.trials-table thead button:hover { color: var(--text); }
.trials-table thead button:focus-visible { outline-offset: -3px; }
.trials-table [aria-sort] button { color: var(--text); font-weight: 600; }
.trials-table tbody tr:not(.spacer) { height: calc(var(--row) * 1rem); cursor: pointer; }
.trials-table td { padding: 0 0.7rem; white-space: nowrap; vertical-align: middle; border-bottom: 1px solid var(--grid); height: calc(var(--row) * 1rem); }
.trials-table .spacer td { height: inherit; padding: 0; border: 0; }
.trials-table tr:hover td { background: var(--sunken); }
.trials-table td:first-child, .trials-table th:first-child { position: sticky; left: 0; background: var(--panel); z-index: 1; }
.trials-table thead th:first-child { z-index: 3; }
.trials-table tr:hover td:first-child { background: var(--sunken); }
.trials-table tr.selected td, .trials-table tr.selected td:first-child { background: var(--accent-ground); }
.table-area:focus-visible tr.cursor td { box-shadow: inset 0 1px 0 var(--accent), inset 0 -1px 0 var(--accent); }
.arrow:empty { display: none; }
.trials-table .status { vertical-align: middle; line-height: 1; }
.trials-table td small { margin-left: 1px; }
.waiting { color: var(--faint); }
.empty-table { display: none; }
a.trial { font-weight: 500; }

/* One trial */

.trial-head { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.9rem; }
.trial-head .right { margin-left: auto; flex-wrap: wrap; }
.trial-head .sentence { color: var(--muted); }
.failure { flex-basis: 100%; background: var(--bad-ground); color: var(--bad); border-radius: 7px; padding: 0.5rem 0.8rem; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 12rem; overflow: auto; }
.values th { color: var(--muted); overflow-wrap: anywhere; max-width: 14rem; min-width: 6.5rem; }
.values td { overflow-wrap: anywhere; }
.place { width: 36%; min-width: 6rem; }
.place small { display: block; }
.place-mark { display: block; position: relative; height: 0.3rem; border-radius: 2px; background: var(--sunken); box-shadow: inset 0 0 0 1px var(--line); margin: 0.25rem 0.3rem 0.1rem 0; }
.place-mark i { position: absolute; top: -0.15rem; left: calc(var(--at) * 100% - 0.3rem); width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--accent); border: 2px solid var(--panel); }
.rung-rows { width: auto; margin-top: 0.6rem; }
.rung-rows td, .rung-rows th { padding-right: 1.4rem; }
.attempt-rows td, .attempt-rows th { white-space: nowrap; }
.attempt-rows .text { white-space: normal; min-width: 10rem; overflow-wrap: anywhere; }
.checkpoint { padding: 0.35rem 0; border-top: 1px solid var(--grid); }
.checkpoint:first-child { border: 0; }
.checkpoint code { display: block; overflow-wrap: anywhere; color: var(--muted); }
ol.why { position: relative; max-height: 26rem; overflow-y: auto; display: grid; gap: 0; }
ol.why span { overflow-wrap: anywhere; }
ol.why li { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.8rem; padding: 0.25rem 0 0.25rem 0.9rem; position: relative; }
ol.why li::before { content: ""; position: absolute; left: 0.15rem; top: 0.75rem; width: 0.4rem; height: 0.4rem; border-radius: 50%; background: var(--strong-line); }
ol.why li::after { content: ""; position: absolute; left: 0.315rem; top: 1.25rem; bottom: -0.6rem; border-left: 1px solid var(--line); }
ol.why li:last-child::after { display: none; }
ol.why time, .event time { color: var(--faint); }
ol.why .now { color: var(--text); font-weight: 600; }
ol.why .now::before { background: var(--accent); }
.log pre { min-height: 7rem; max-height: clamp(14rem, 42vh, 40rem); overflow: auto; background: var(--sunken); border-radius: 6px; padding: 0.6rem 0.8rem; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; unicode-bidi: plaintext; }
@media (min-width: 70rem) {
  .view.trial .grid { grid-template-columns: repeat(12, minmax(0, 1fr)); }
  .view.trial .reports { grid-column: span 7; }
  .view.trial .configuration { grid-column: span 5; }
  .view.trial .why { grid-column: span 6; }
  .view.trial .attempts, .view.trial .checkpoints { grid-column: span 6; }
  .view.trial section.why { grid-row: span 2; }
  .view.trial .log { grid-column: 1 / -1; }
}

/* Events */

.event-list { position: relative; overflow-y: auto; }
.view.events .event-list { overflow: visible; }
.event { display: grid; grid-template-columns: max-content 1.2rem minmax(0, 1fr); gap: 0.1rem 0.5rem; padding: 0.25rem 0; border-top: 1px solid var(--grid); align-items: baseline; }
.event:first-child { border-top: 0; }
.event .severity { color: var(--strong-line); }
.event .text { overflow-wrap: anywhere; color: var(--muted); }
.event.notice .text, .event.error .text, .event.warning .text { color: var(--text); }
.event.notice .severity { color: var(--accent); } .event.warning .severity { color: var(--warn); } .event.error .severity { color: var(--bad); }
.more { padding-top: 0.8rem; text-align: center; }
.view.trial .more, .figure .more { text-align: left; padding-top: 0; }

"""###
