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
