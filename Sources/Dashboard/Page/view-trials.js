// The table of trials. Only the rows in sight are in the page; the server sorts and filters.

import { get } from "./api.js"
import { h, onceAFrame, replace, say } from "./dom.js"
import { filterHelp } from "./help.js"
import { compact, count, duration, name, oneLine, parameter, plural, value } from "./format.js"
import { STATUS_ORDER, empty, icon, problem, rungMark, sentence, status } from "./parts.js"

const PAGE = 100
/** Characters of a filter. */
const LONGEST = 500
/** Browsers bound how tall a thing may be; beyond, the scroll bar stands for more than its length. */
const TALLEST = 8_000_000

export function open(app, root, settings) {
  return new TrialsView(app, root, settings)
}

class TrialsView {
  constructor(app, root, settings) {
    this.app = app
    const run = app.run
    this.levels = (run.brackets[0]?.levels.length ?? 0) + 1
    this.parameters = run.space.filter((entry) => entry.type !== "constant")
    this.columns = [
      { key: "trial", title: "Trial", n: true, cell: (row) => h("a.trial", { href: `#/trials/${row.trial}`, tabindex: -1 }, `#${row.trial}`) },
      { key: "status", title: "Status", cell: (row) => status(row.status) },
      { key: "value", title: `best ${name(run.metric, 24)}`, n: true, first: "best", cell: (row) => value(row.value) },
      { key: "last_value", title: "last", n: true, first: "best", cell: (row) => value(row.last_value) },
      { key: "resource", title: name(run.resource_attr, 16), n: true, first: "desc", cell: (row) => [rungMark(row.level, this.levels), compact(row.resource), h("small", null, `/${compact(row.milestone)}`)] },
      { key: "host", title: "Where", cell: (row) => (row.host === null ? "" : `${name(row.host, 20)}/${row.slot}`) },
      { key: "slot_seconds", title: "Slot time", n: true, first: "desc", cell: (row) => duration(row.slot_seconds) },
      { key: "attempt", title: "Attempts", n: true, first: "desc", cell: (row) => String(row.attempt) + (row.restarts ? ` (${row.restarts} again)` : "") },
      ...this.parameters.map((entry) => ({
        key: `parameter:${entry.name}`, parameter: entry.name, title: name(entry.name, 24), n: !entry.values || entry.values.every((one) => typeof one === "number"),
        cell: (row) => (Object.hasOwn(row.configuration, entry.name) ? name(parameter(row.configuration[entry.name]), 24) : ""),
      })),
    ]
    const known = (key) => this.columns.some((column) => column.key === key)
    this.sort = known(settings.get("sort")) ? settings.get("sort") : "trial"
    this.order = ["asc", "desc", "best"].includes(settings.get("order")) ? settings.get("order") : "desc"
    this.chosen = new Set((settings.get("status") ?? "").split(",").filter((word) => STATUS_ORDER.includes(word)))
    this.text = (settings.get("filter") ?? settings.get("text") ?? "").slice(0, LONGEST)
    this.pages = new Map()
    this.matched = 0
    this.cursor = 0
    this.generation = 0
    this.build(root)
    this.ask()
  }

  build(root) {
    this.filter = h("input.filter", {
      id: "filter", type: "search", placeholder: "Filter: #12, lr<0.01, status=failed, words …", "aria-label": "Filter", "aria-describedby": "filter-problem", maxlength: LONGEST, autocomplete: "off", spellcheck: "false", value: this.text,
      title: "Terms with spaces between them, all of which must hold: #12, name<number, name=text, words, \"quoted text\"", oninput: () => this.typed(),
    })
    this.problem = h("p.filter-problem", { id: "filter-problem", role: "status", hidden: true })
    this.box = h("div.filter-box", null, this.filter, h("button.quiet.square", { type: "button", "aria-label": "What the filter understands", title: "What the filter understands", onclick: () => filterHelp(this.app.run) }, "?"), this.problem)
    this.chips = h("div.chips", { role: "group", "aria-label": "Status" }, STATUS_ORDER.map((word) => h("button.chip", {
      type: "button", class: word, "aria-pressed": String(this.chosen.has(word)), "data-word": word, onclick: (event) => this.pick(word, event.currentTarget),
    }, icon(word), word, h("span.n"))))
    this.told = h("span.count", { role: "status" })
    this.compare = h("a.button.small", { href: "#/curves", hidden: true }, "Compare curves")
    this.head = h("tr", { "aria-rowindex": 1 }, this.columns.map((column) => {
      const button = h("button", { type: "button", onclick: () => this.turnTo(column) }, h("span", null, column.title), h("span.arrow", { "aria-hidden": "true" }))
      column.head = h("th", { scope: "col", class: column.n ? "n" : null, title: oneLine(column.parameter ?? column.title) }, button)
      return column.head
    }))
    this.body = h("tbody")
    this.above = h("tr.spacer", { "aria-hidden": "true" }, h("td", { colspan: this.columns.length }))
    this.below = h("tr.spacer", { "aria-hidden": "true" }, h("td", { colspan: this.columns.length }))
    this.table = h("table.trials-table", { "aria-label": "Trials", "aria-colcount": this.columns.length }, h("thead", null, this.head), h("tbody.space", { "aria-hidden": "true" }, this.above), this.body, h("tbody.space", { "aria-hidden": "true" }, this.below))
    this.scroller = h("div.scroll.table-area", { tabindex: 0, role: "region", "aria-label": "Trials. Up and down go from row to row, Enter opens a trial, Space chooses it for comparison." }, this.table)
    this.nothing = h("div")
    this.render = onceAFrame(() => this.draw())
    this.scroller.addEventListener("scroll", this.render, { passive: true })
    this.scroller.addEventListener("keydown", (event) => this.key(event))
    this.observer = new ResizeObserver(this.render)
    this.observer.observe(this.scroller)
    this.selected = new Set()
    replace(root, h("h1.hidden-text", null, "Trials"), h("section.panel.fills.table-panel", { "aria-label": "Trials" }, h("div.head.wraps", null, this.box, this.chips, this.compare, this.told), this.scroller, this.nothing))
    this.run(this.app.run)
    this.showSort()
  }

  run(run) {
    for (const chip of this.chips.children) {
      const n = run.totals.by_status[chip.dataset.word]
      say(chip.lastChild, n ? compact(n) : "")
      chip.classList.toggle("none", !n)
    }
    this.refresh()
  }

  back() {
    this.ask()
  }

  // The question

  get query() {
    const column = this.columns.find((one) => one.key === this.sort)
    return { sort: column.parameter !== undefined ? "parameter" : column.key, parameter: column.parameter, order: this.order, status: [...this.chosen], filter: this.text.trim() }
  }

  typed() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.text = this.filter.value
      this.anew()
    }, 180)
  }

  pick(word, chip) {
    if (this.chosen.has(word)) this.chosen.delete(word)
    else this.chosen.add(word)
    chip.setAttribute("aria-pressed", String(this.chosen.has(word)))
    this.anew()
  }

  turnTo(column) {
    const orders = column.first === "best" ? ["best", column.key && this.app.run.mode === "min" ? "desc" : "asc"] : column.first === "desc" ? ["desc", "asc"] : ["asc", "desc"]
    this.order = this.sort === column.key ? orders[(orders.indexOf(this.order) + 1) % 2] : orders[0]
    this.sort = column.key
    this.showSort()
    this.anew()
  }

  showSort() {
    for (const column of this.columns) {
      const isSorted = column.key === this.sort
      const rises = this.order === "asc" || (this.order === "best" && this.app.run.mode === "min")
      if (isSorted) column.head.setAttribute("aria-sort", rises ? "ascending" : "descending")
      else column.head.removeAttribute("aria-sort")
      say(column.head.querySelector(".arrow"), isSorted ? (rises ? "↑" : "↓") : "")
    }
  }

  /** Another question: from the top. */
  anew() {
    const isPlain = this.sort === "trial" && this.order === "desc"
    this.app.keep("trials", { sort: isPlain ? "" : this.sort, order: isPlain ? "" : this.order, status: [...this.chosen].join(","), filter: this.text.trim() })
    this.scroller.scrollTop = 0
    this.cursor = 0
    this.ask()
  }

  ask() {
    this.generation += 1
    this.refused = false
    this.stale = this.pages
    this.pages = new Map()
    this.asking = new Set()
    this.fetch(0)
    this.render()
  }

  /** The run has changed: what is in sight is read again, not more often than every two seconds. */
  refresh() {
    if (this.refreshing || !this.rowHeight) return
    this.refreshing = setTimeout(() => {
      this.refreshing = null
      if (this.over || document.hidden) return
      const [first, last] = this.sight()
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) this.fetch(page, true)
      for (const page of [...this.pages.keys()]) {
        if (page < Math.floor(first / PAGE) - 2 || page > Math.floor(last / PAGE) + 2) this.pages.delete(page)
      }
    }, 2000)
  }

  async fetch(page, again = false) {
    if (this.refused || this.asking.has(page) || (!again && this.pages.has(page))) return
    this.asking.add(page)
    const generation = this.generation
    try {
      const data = await get("trials", { ...this.query, offset: page * PAGE, limit: PAGE })
      if (generation !== this.generation || this.over) return
      this.pages.set(page, data.rows)
      this.matched = data.matched
      this.total = data.total
      this.stale = null
      this.refuse(null)
      say(this.told, data.matched === data.total ? plural(data.total, "trial") : `${count(data.matched)} of ${count(data.total)}`)
      replace(this.nothing, data.matched === 0 && (data.total === 0 ? empty("No trial yet.", "Trials appear as soon as a host is ready.") : empty("No trial matches.")))
    } catch (error) {
      if (generation !== this.generation || this.over) return
      if (error.status === 400 && this.query.filter) this.refuse(error.message)
      else replace(this.nothing, problem(error))
    } finally {
      if (generation === this.generation) this.asking.delete(page)
      if (!this.over) this.render()
    }
  }

  /** A filter that cannot be understood: what is wrong with it is said, and what was there before stays. */
  refuse(words) {
    this.refused = words !== null
    this.problem.hidden = !this.refused
    replace(this.problem, words !== null && sentence(words))
    this.filter.setAttribute("aria-invalid", String(this.refused))
    this.scroller.classList.toggle("old", this.refused)
    if (!this.refused) return
    this.pages = this.stale ?? this.pages
    say(this.told, "")
  }

  // The rows

  sight() {
    const height = this.rowHeight
    const whole = this.matched * height
    const shrink = whole > TALLEST ? whole / TALLEST : 1
    const first = Math.max(0, Math.floor((this.scroller.scrollTop * shrink) / height) - 4)
    return [first, Math.min(this.matched, first + Math.ceil(this.scroller.clientHeight / height) + 10), shrink]
  }

  draw() {
    this.rowHeight = parseFloat(getComputedStyle(this.scroller).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize) || 30
    const [first, last, shrink] = this.sight()
    const rows = []
    for (let index = first; index < last; index++) {
      const page = Math.floor(index / PAGE)
      const row = (this.pages.get(page) ?? this.stale?.get(page))?.[index % PAGE]
      if (!row) this.fetch(page)
      rows.push(this.row(index, row))
    }
    const height = this.rowHeight
    this.above.style.setProperty("height", `${(first * height) / shrink}px`)
    this.below.style.setProperty("height", `${Math.max(0, ((this.matched - last) * height) / shrink)}px`)
    this.table.setAttribute("aria-rowcount", String(this.matched + 1))
    this.table.classList.toggle("empty-table", this.matched === 0)
    this.body.replaceChildren(...rows)
    this.scroller.dataset.drawn = String(Number(this.scroller.dataset.drawn ?? 0) + 1)
  }

  row(index, row) {
    const element = h("tr", { "aria-rowindex": index + 2, class: [index === this.cursor && "cursor", row && this.selected.has(row.trial) && "selected", index % 2 && "odd"].filter(Boolean).join(" ") })
    if (!row) {
      element.append(h("td.waiting", { colspan: this.columns.length }, "…"))
      return element
    }
    for (const column of this.columns) element.append(h("td", { class: column.n ? "n" : null }, column.cell(row)))
    if (row.failure) element.title = oneLine(row.failure)
    element.addEventListener("click", (event) => {
      if (event.target.closest("a") || getSelection()?.toString()) return
      this.cursor = index
      if (event.ctrlKey || event.metaKey || event.shiftKey) this.select(row.trial)
      else location.hash = `#/trials/${row.trial}`
    })
    return element
  }

  select(trial) {
    if (!this.selected.delete(trial)) this.selected.add(trial)
    this.compare.hidden = this.selected.size === 0
    this.compare.setAttribute("href", `#/curves?ids=${[...this.selected].slice(0, 100).join(",")}`)
    say(this.compare, `Compare ${this.selected.size} curve${this.selected.size === 1 ? "" : "s"}`)
    this.render()
  }

  key(event) {
    if (event.target !== this.scroller || event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2)
    const move = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity }[event.key]
    const row = this.pages.get(Math.floor(this.cursor / PAGE))?.[this.cursor % PAGE]
    if (move) {
      this.cursor = Math.min(this.matched - 1, Math.max(0, this.cursor + move))
      const [, , shrink] = this.sight()
      const at = (this.cursor * this.rowHeight) / shrink
      const room = this.scroller.clientHeight - 2 * this.rowHeight
      if (at < this.scroller.scrollTop) this.scroller.scrollTop = at
      else if (at > this.scroller.scrollTop + room - this.rowHeight) this.scroller.scrollTop = at - room + this.rowHeight
      this.render()
    } else if (event.key === "Enter" && row) location.hash = `#/trials/${row.trial}`
    else if (event.key === " " && row) this.select(row.trial)
    else return
    event.preventDefault()
  }

  close() {
    this.over = true
    clearTimeout(this.timer)
    clearTimeout(this.refreshing)
    this.observer.disconnect()
  }
}
