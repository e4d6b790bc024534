// Hosts and their slots, now and over time.

import { Timeline } from "./chart-timeline.js"
import { addHost, drainHost } from "./commands.js"
import { h, replace } from "./dom.js"
import { moment, name, oneLine } from "./format.js"
import { slotLegend, slotMark } from "./host-strip.js"
import { choice, empty, icon, panel, problem } from "./parts.js"

const SPANS = [["all", "All"], ["21600", "6 h"], ["3600", "1 h"], ["900", "15 min"], ["120", "2 min"]]

export function open(app, root) {
  const timeline = new Timeline(app)
  const button = (text, label, action) => h("button.quiet.square", { type: "button", "aria-label": label, title: label, onclick: action }, text)
  const over = panel("Over time", {
    name: "fills", tools: [choice("How much time", SPANS, "all", (key) => timeline.show(key === "all" ? null : Number(key))),
      h("span.buttons", null, button("←", "Earlier", () => timeline.pan(-0.5)), button("→", "Later", () => timeline.pan(0.5)),
        button("−", "Wider", () => timeline.zoom(2)), button("+", "Closer", () => timeline.zoom(0.5)))],
    body: [timelineLegend(), timeline.element],
  })
  const list = panel("Hosts", { name: "host-list" })
  replace(root, h("h1.hidden-text", null, "Hosts"), over.element, list.element)
  const source = app.sources.add("hosts", {}, {
    data(data) {
      over.element.hidden = data.hosts.length === 0
      replace(list.content, data.hosts.length === 0 ? empty("No host yet.") : [slotLegend(), h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Hosts" }, table(data.hosts, app))])
    },
    problem: (error) => replace(list.content, problem(error)),
  }, 1000)
  return {
    close() {
      source.close()
      timeline.close()
    },
  }
}

function timelineLegend() {
  return h("ul.legend.timeline-legend", { "aria-label": "Colours of the timeline" },
    [["running", "runs"], ["held", "held at its milestone"], ["starting", "starting"], ["moving", "its checkpoint moves"], ["ending", "ending"], ["idle", "idle"], ["away", "not in use"], ["lost", "lost"]]
      .map(([kind, text]) => h("li", null, h("i.span-mark", { class: kind }), text)))
}

function table(hosts, app) {
  return h("table.hosts-table", null,
    h("thead", null, h("tr", null, ["Host", "State", "Slots", "Why, and what comes next"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col" }, h("span.hidden-text", null, "Commands")))),
    h("tbody", null, hosts.map((host) => h("tr", { class: host.troubled ? "troubled" : null },
      h("th", { scope: "row", title: oneLine(host.host) }, name(host.host, 48), host.joined && h("small.faint", null, " joined")),
      h("td", null, h("span.host-state", { class: host.troubled ? "bad" : host.state === "ready" ? "good" : "between" }, icon(host.troubled ? "warning" : host.state === "ready" ? "completed" : "pending"), host.state),
        host.since !== null && host.state !== "ready" && h("small.faint", null, ` since ${moment(host.since, app.run.now)}`)),
      h("td", null, host.slots.length ? h("span.slots", null, host.slots.map((slot) => slotMark(slot))) : h("span.faint", null, "none")),
      h("td.why", null, [host.reason, host.next, host.note].filter(Boolean).map((text) => h("div", null, oneLine(text))), host.slots.filter((slot) => slot.unusable).map((slot) => h("div", null, `slot ${slot.slot}: ${oneLine(slot.unusable)}`))),
      h("td.act", null, app.canCommand && host.can.map((word) => word === "drain_host"
        ? h("button.small", { type: "button", onclick: () => drainHost(app, host.host), "aria-label": `Drain ${name(host.host)}` }, "Drain…")
        : h("button.small", { type: "button", onclick: () => addHost(app, host.host), "aria-label": `Try ${name(host.host)} again` }, host.state === "draining" ? "Bring back" : "Try again"))))))
  )
}
