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
