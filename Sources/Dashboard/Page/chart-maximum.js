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
