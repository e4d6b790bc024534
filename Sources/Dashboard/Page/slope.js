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
