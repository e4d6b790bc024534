// Asking the server, and its news.

const BASE = "api/v1/"
let token = null
try {
  token = sessionStorage.getItem("pasha-token")
} catch {
  // Without storage the token lasts as long as the page.
}

export const hasToken = () => token !== null
export function setToken(text) {
  token = text || null
  try {
    if (token) sessionStorage.setItem("pasha-token", token)
    else sessionStorage.removeItem("pasha-token")
  } catch {
    // As above.
  }
}

/** The token of an address such as `…/#token=…`, which is taken out of it; whether there was one. */
export function takeToken() {
  const match = /^#token=([^&]+)(?:&(.*))?$/.exec(location.hash)
  if (!match) return false
  try {
    setToken(decodeURIComponent(match[1]))
  } catch {
    setToken(match[1])
  }
  history.replaceState(null, "", location.pathname + location.search + (match[2] ? "#" + match[2] : ""))
  return true
}

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

// What is no text of a header is no token either.
const bearer = (text) => (text && /^[\x21-\x7e]+$/.test(text) ? { Authorization: `Bearer ${text}` } : {})

/** What the server makes of a token: `token` is "right", "wrong" or "missing"; and whether reading needs it. */
export async function access(text = token) {
  return answer(await fetch(BASE + "access", { headers: bearer(text), cache: "no-store" }))
}

/** The token goes along where reading needs it, and nowhere else: whether it does is asked once. */
let guarded = null
async function readingHeaders() {
  if (!token) return {}
  guarded ??= access(null).then((found) => found.reading_needs_token)
  try {
    return (await guarded) ? bearer(token) : {}
  } catch (error) {
    guarded = null
    throw error
  }
}

function address(path, query) {
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "" && value.length !== 0) words.set(key, Array.isArray(value) ? value.join(",") : value)
  }
  const text = words.toString().replaceAll("%2C", ",")
  return BASE + path + (text ? "?" + text : "")
}

async function answer(response) {
  let body = null
  try {
    body = await response.json()
  } catch {
    if (response.ok) throw new ApiError(response.status, "unreadable", "The server's answer could not be read.")
  }
  if (response.ok) return body
  // Another server may be there by now.
  if (response.status === 401) guarded = null
  const error = body?.error
  throw new ApiError(response.status, error?.code ?? "error", error?.message ?? `The server answered ${response.status}.`)
}

const ask = async (path, query, signal) => fetch(address(path, query), { headers: await readingHeaders(), cache: "no-store", signal })

export async function get(path, query, signal) {
  return answer(await ask(path, query, signal))
}

/** The same as a text, for telling whether it is another one than before. */
export async function getText(path, query, signal) {
  const response = await ask(path, query, signal)
  if (!response.ok) await answer(response)
  return response.text()
}

export async function command(body) {
  const response = await fetch(BASE + "commands", {
    method: "POST",
    headers: { ...bearer(token), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  })
  return answer(response)
}

/**
 * The stream of news, connected anew whenever it breaks. By `fetch` and not `EventSource`, since that sends no token.
 * `on` has `state("live" | "connecting" | "lost" | "locked" | "over", seconds)`, `changed(data)`, `line(event)`.
 */
export class Stream {
  constructor(on) {
    this.on = on
    this.last = null
    this.failures = 0
    this.over = false
    this.isGone = false
    this.run()
    addEventListener("online", () => this.wake?.())
    document.addEventListener("visibilitychange", () => this.look())
    addEventListener("pagehide", () => ((this.isGone = true), this.look()))
    addEventListener("pageshow", () => ((this.isGone = false), this.look()))
  }

  /** At once, however long it was to wait. */
  retry() {
    this.wake?.()
  }

  // A browser has six connections to one server: a page that nobody sees holds none of them.
  get isUnseen() {
    return document.hidden || this.isGone
  }

  look() {
    if (this.isUnseen) this.abort?.abort()
    else {
      this.wake?.()
      this.seen?.()
    }
  }

  async run() {
    while (!this.over) {
      if (this.isUnseen) {
        await new Promise((resolve) => (this.seen = resolve))
        this.seen = null
        this.on.state("connecting")
        continue
      }
      try {
        await this.read()
      } catch {
        // Told by the state below.
      }
      if (this.over) break
      if (this.isUnseen) continue
      if (this.isLocked) {
        // Without the token it is the same however often it is tried.
        this.on.state("locked")
        await new Promise((resolve) => (this.wake = resolve))
        this.wake = null
        this.on.state("connecting")
        continue
      }
      this.failures += 1
      const wait = Math.min(30, 0.5 * 2 ** Math.min(this.failures - 1, 6)) * (0.8 + 0.4 * Math.random())
      this.on.state("lost", wait)
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait * 1000)
        this.wake = () => (clearTimeout(timer), resolve())
      })
      this.wake = null
      this.on.state("connecting")
    }
    this.on.state("over")
  }

  async read() {
    const abort = (this.abort = new AbortController())
    let alive = Date.now()
    // A connection that says nothing for 40 s is dead, whatever the system thinks of it.
    const watch = setInterval(() => Date.now() - alive > 40000 && abort.abort(), 5000)
    try {
      const from = this.last === null ? {} : { "Last-Event-ID": String(this.last) }
      const response = await fetch(BASE + "stream", { headers: { ...(await readingHeaders()), ...from }, cache: "no-store", signal: abort.signal })
      this.isLocked = response.status === 401
      if (this.isLocked) guarded = null
      if (!response.ok || !response.body) return
      this.failures = 0
      this.on.state("live")
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      let rest = ""
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        alive = Date.now()
        const blocks = (rest + value).split(/\r?\n\r?\n/)
        rest = blocks.pop()
        for (const block of blocks) this.take(block)
      }
    } finally {
      clearInterval(watch)
    }
  }

  take(block) {
    let [kind, data] = ["message", ""]
    for (const line of block.split(/\r?\n/)) {
      const match = /^(event|data|id): ?(.*)$/.exec(line)
      if (match?.[1] === "event") kind = match[2]
      else if (match?.[1] === "data") data += match[2]
      else if (match?.[1] === "id" && /^[0-9]+$/.test(match[2])) this.last = Number(match[2])
    }
    if (kind === "end") this.over = true
    else if (kind === "changed" || kind === "line") this.on[kind](JSON.parse(data))
  }
}
