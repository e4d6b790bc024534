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
