// The rungs of a bracket: how many trials reached each, and where the current maximum lies.

import { h, replace } from "./dom.js"
import { compact, count, name, value } from "./format.js"
import { levelPlace, tint } from "./palette.js"

/** Rungs from the highest, `max_t`, to the lowest. */
export function ladder(bracket, run, { brief = false, grows = true } = {}) {
  const most = Math.max(1, ...bracket.rungs.map((rung) => rung.trials + rung.running))
  // Each rung has a third of the one below: the root keeps the small ones visible.
  const wide = (n) => Math.sqrt(n / most).toFixed(4)
  const resource = name(run.resource_attr, 20)
  const rows = bracket.rungs.map((rung, index) => {
    const isBeyond = rung.level > bracket.maximum
    const isTop = rung.level === run.max_t
    const done = rung.trials - rung.promoted - rung.waiting
    const total = rung.trials + rung.running
    const part = (kind, n) => n > 0 && h(`i.${kind}`, { vars: { "--w": String(n / total) } })
    const words = [`${count(rung.trials)} reached it`, !isTop && `${count(rung.promoted)} promoted`, rung.waiting > 0 && `${count(rung.waiting)} waiting`,
      rung.running > 0 && `${count(rung.running)} on the way`].filter(Boolean).join(", ")
    return tint(h("tr", { class: [isBeyond && "beyond", rung.level === bracket.maximum && grows && "maximum"].filter(Boolean).join(" ") },
      h("th", { scope: "row" }, h("span.level", null, rung.level), rung.places !== undefined && !brief && h("small.faint", null, ` ${count(rung.places)} each`), rung.level === bracket.maximum && grows && h("span.tag", null, "maximum")),
      h("td.bar", null, h("div.track", { role: "img", "aria-label": words, title: words },
        h("div.stack", { vars: { "--share": wide(total) } }, part("promoted", rung.promoted), part("rest", Math.max(0, done)), part("waiting", rung.waiting), part("on-the-way", rung.running)),
        h("span.counts", null, rung.trials ? compact(rung.trials) : rung.running ? "" : isBeyond ? "not yet" : "0", rung.running > 0 && h("small", null, ` +${compact(rung.running)}`)))),
      !brief && [h("td.n", null, isTop ? "" : compact(rung.promoted)), h("td.n", null, compact(rung.waiting)), h("td.n", null, compact(rung.running)),
        h("td.n", null, value(rung.best)), h("td.n", null, value(rung.cut_off))]), levelPlace(index + 1, bracket.rungs.length))
  }).reverse()
  return h("table.ladder", { class: brief ? "brief" : null },
    h("caption.hidden-text", null, `The rungs, highest first, by ${resource}`),
    h("thead", { class: brief ? "hidden-text" : null }, h("tr", null, h("th", { scope: "col" }, resource), h("th", { scope: "col" }, "trials"),
      !brief && ["promoted", "waiting", "on the way", "best", "cut-off"].map((text) => h("th.n", { scope: "col" }, text)))),
    h("tbody", null, rows))
}

export function ladderLegend() {
  return h("ul.legend.ladder-legend", { "aria-label": "Parts of the bars" },
    [["promoted", "promoted"], ["waiting", "waiting, may be promoted"], ["on-the-way", "on the way"]].map(([kind, text]) => h("li", null, h("i.swatch", { class: kind }), text)))
}

export const showLadder = (element, ...rest) => replace(element, ladder(...rest))
