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
