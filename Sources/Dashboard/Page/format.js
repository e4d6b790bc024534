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
