// Events as a list: when, how bad, what.

import { h } from "./dom.js"
import { dateAndTime, moment, oneLine } from "./format.js"
import { empty, icon, trialLink } from "./parts.js"

const WORDS = { info: "", notice: "notice", warning: "warning", error: "error" }

/** The text, with the trial that it is about as a link. */
function words(event) {
  const text = oneLine(event.text)
  const match = event.trial !== null && new RegExp(`\\btrial ${event.trial}\\b`).exec(text)
  if (!match) return [text]
  return [text.slice(0, match.index), h("a.trial", { href: `#/trials/${event.trial}` }, match[0]), text.slice(match.index + match[0].length)]
}

export function eventRow(event, now) {
  return h("li.event", { class: event.severity, "data-sequence": event.sequence },
    h("time", { datetime: new Date(event.time * 1000).toISOString(), title: dateAndTime(event.time) }, moment(event.time, now)),
    h("span.severity", null, icon(event.severity), WORDS[event.severity] && h("span.hidden-text", null, WORDS[event.severity])),
    h("span.text", null, words(event), event.trial !== null && !/\btrial \d/.test(event.text) && [" ", trialLink(event.trial)]))
}

export function eventList(events, app) {
  if (events.length === 0) return empty("Nothing has happened yet.")
  return h("ol.event-list", null, events.map((event) => eventRow(event, app.run.now)))
}
