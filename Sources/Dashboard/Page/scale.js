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
