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

