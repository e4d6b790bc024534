// Pieces that several views are made of.

import { freshId, h, replace, s } from "./dom.js"
import { oneLine } from "./format.js"
import { levelPlace, tint } from "./palette.js"

/** A titled area. `tools`: what stands at the right of the title. */
export function panel(title, { tools, note, body, name } = {}) {
  const id = freshId("panel")
  const content = h("div.body", null, body)
  const remark = h("p.note", { hidden: !note }, note)
  const element = h("section.panel", { "aria-labelledby": id, class: name },
    h("div.head", null, h("h2", { id }, title), tools && h("div.tools", null, tools)), remark, content)
  return {
    element, content,
    set note(text) {
      remark.hidden = !text
      replace(remark, text)
    },
  }
}

/** One of several, as a group of radio buttons in disguise. */
export function choice(label, options, chosen, on) {
  const name = freshId("choice")
  return h("fieldset.choice", null, h("legend.hidden-text", null, label), options.map(([key, text]) => {
    const id = freshId("option")
    return [h("input.hidden-text", { type: "radio", name, id, value: key, checked: key === chosen, onchange: () => on(key) }),
      h("label", { for: id }, text)]
  }))
}

export function toggle(text, chosen, on) {
  const button = h("button.toggle", {
    type: "button", "aria-pressed": String(chosen), onclick: () => {
      const now = button.getAttribute("aria-pressed") !== "true"
      button.setAttribute("aria-pressed", String(now))
      on(now)
    },
  }, text)
  return button
}

const ICONS = {
  running: ["path", { d: "M4.500 3v10l8-5z" }], held: ["path", { d: "M4 3h3v10H4zM9 3h3v10H9z" }],
  assigned: ["path", { d: "M3 7h6V4l4.500 4L9 12V9H3z" }], pending: ["circle", { cx: 8, cy: 8, r: 4, fill: "none", "stroke-width": 2, stroke: "currentColor" }],
  paused: ["path", { d: "M5 3.500h2v9H5zM9 3.500h2v9H9z" }], completed: ["path", { d: "M3 8.500l3.500 3.500L13 5", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
  stopped: ["path", { d: "M4 4h8v8H4z" }], failed: ["path", { d: "M4 4l8 8M12 4l-8 8", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
  warning: ["path", { d: "M8 2l6.500 12h-13zM8 6.500v3.500M8 11.500v1", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linejoin": "round" }],
  info: ["circle", { cx: 8, cy: 8, r: 2.4 }], notice: ["path", { d: "M8 3l5 5-5 5-5-5z" }],
  error: ["path", { d: "M4 4l8 8M12 4l-8 8", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
}

/** Shape as well as colour tells states apart. */
export function icon(name) {
  const [tag, attributes] = ICONS[name] ?? ICONS.info
  return s("svg.icon", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s(tag, { fill: "currentColor", ...attributes }))
}

export const STATUS_ORDER = ["running", "held", "assigned", "pending", "paused", "completed", "stopped", "failed"]

export const status = (word) => h("span.status", { class: word }, icon(word), word)

export const trialLink = (id) => h("a.trial", { href: `#/trials/${id}` }, `#${id}`)

/** A square in the colour of a rung. */
export const rungMark = (level, levels) => tint(h("span.rung-mark"), levelPlace(level, levels))

/** What stands where there is nothing yet. */
export const empty = (title, text) => h("div.empty", null, h("strong", null, title), text && h("p", null, text))

export const loading = () => h("div.loading", { role: "status" }, h("span.hidden-text", null, "Loading"), h("i"), h("i"), h("i"))

export const problem = (error) =>
  h("div.empty.problem", { role: "alert" }, h("strong", null, "This could not be read."), h("p", null, error.message))

/** What the server says in a few words as a sentence, commands in it as such. */
export const sentence = (text) =>
  oneLine(text[0].toUpperCase() + text.slice(1) + ".").split("`").map((piece, index) => (index % 2 ? h("code", null, piece) : piece))

/** A legend of the rungs. */
export function rungLegend(levels, attribute) {
  return h("ul.legend", { "aria-label": "Colours: how far trials came" },
    h("li", null, rungMark(0, levels.length), "below"),
    levels.map((level, index) => h("li", null, rungMark(index + 1, levels.length), `${level}`)),
    h("li.unit", null, attribute))
}

/** Number and name of it. */
export const figure = (name, number, more, attributes) =>
  h("div.figure", attributes, h("dt", null, name), h("dd", null, h("strong", null, number), more && h("span.more", null, more)))
