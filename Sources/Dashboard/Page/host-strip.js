// Hosts and slots as small squares: what is busy, and who has troubles.

import { h } from "./dom.js"
import { name, oneLine } from "./format.js"
import { empty, icon } from "./parts.js"

const PHASES = { running: "runs", held: "held", assigned: "starting", moving: "moving", ending: "ending" }

export function slotMark(slot, focusable = true) {
  const kind = slot.unusable ? "unusable" : slot.phase ?? "idle"
  const text = slot.unusable ? `slot ${slot.slot}: ${oneLine(slot.unusable)}` : slot.trial === null ? `slot ${slot.slot}: idle` : `slot ${slot.slot}: trial ${slot.trial} ${PHASES[slot.phase] ?? ""}`
  const attributes = { class: kind, title: text, "aria-label": text }
  return slot.trial === null ? h("span.slot", { ...attributes, role: "img" }) : h("a.slot", { ...attributes, href: `#/trials/${slot.trial}`, tabindex: focusable ? null : -1 })
}

export const slotLegend = () => h("ul.legend", { "aria-label": "Colours of the slots" },
  [["running", "running"], ["held", "held"], ["moving", "moving"], ["assigned", "starting"], ["idle", "idle"], ["unusable", "no work"]].map(([kind, text]) => h("li", null, h("i.slot", { class: kind }), text)))

export function hostStrip(hosts) {
  if (hosts.length === 0) return empty("No host yet.")
  return [slotLegend(), h("ul.host-strip", null, hosts.map((host) => h("li", { class: host.troubled ? "troubled" : null },
    h("span.host-name", { title: oneLine(host.host) }, host.troubled && icon("warning"), name(host.host, 40)),
    host.state !== "ready" && h("span.state", null, host.state),
    h("span.slots", null, host.slots.map((slot) => slotMark(slot, false))))))]
}
