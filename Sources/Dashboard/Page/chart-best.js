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
