// The head of the page: the run and how it stands, the views, the connection, commands.

import { enqueue, extend, pauseRun, stopRun, tokenDialog } from "./commands.js"
import { h, replace, say } from "./dom.js"
import { clock, duration, oneLine } from "./format.js"
import { help } from "./help.js"
import { chooseTheme, chosenTheme } from "./palette.js"

export class Head {
  constructor(app, views) {
    this.app = app
    this.name = h("span.run-name")
    this.pill = h("span.pill")
    this.reason = h("span.reason")
    this.link = h("span.connection", { role: "status" }, h("i", { "aria-hidden": "true" }), h("span", null, "connecting"))
    this.links = new Map(views.map(([key, title], index) => [key, h("a", { href: `#/${key}`, title: `${title} (key ${index + 1})` }, title)]))
    const button = (text, action, kind) => h("button", { type: "button", class: kind, disabled: true, onclick: () => (this.menu.hidePopover?.(), action(app)) }, text)
    this.buttons = [button("Pause…", pauseRun), button("Enqueue…", enqueue), button("Extend…", extend), button("Stop…", stopRun, "danger")]
    this.lock = h("button.quiet", { type: "button", hidden: true, onclick: () => (this.menu.hidePopover?.(), tokenDialog(app)) }, "Unlock commands…")
    this.menu = h("div.commands", { id: "commands", popover: "auto", role: "group", "aria-label": "Commands" }, this.lock, this.buttons)
    this.opener = h("button.quiet.opener", { type: "button", popovertarget: "commands" }, "Commands")
    // Until it is known which can be given.
    this.opener.hidden = this.menu.hidden = true
    this.theme = h("button.quiet.square", { type: "button", onclick: () => this.nextTheme() })
    this.showTheme()
    this.strip = h("div.banner", { role: "alert", hidden: true })
    this.element = h("div", null,
      h("div.topbar", null,
        h("a.brand", { href: "#/overview", "aria-label": "pasha, overview" }, h("img", { src: "icon.svg", alt: "", width: 22, height: 22 }), h("span", null, "pasha")),
        h("div.run", null, this.name, this.pill, this.reason),
        h("div.right", null, this.link, this.opener, this.menu, this.theme,
          h("button.quiet.square", { type: "button", "aria-label": "Keys", title: "Keys (?)", onclick: help }, "?"))),
      h("nav", { "aria-label": "Views" }, [...this.links.values()]), this.strip)
  }

  here(key) {
    for (const [other, link] of this.links) {
      if (other === key) link.setAttribute("aria-current", "page")
      else link.removeAttribute("aria-current")
    }
    this.links.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }

  show(run) {
    say(this.name, oneLine(run.run))
    this.name.title = run.run
    say(this.pill, run.status)
    this.pill.className = `pill ${run.status}`
    say(this.reason, oneLine(run.reason))
    this.token()
    this.warn()
  }

  /** What somebody must know whatever is looked at. */
  warn() {
    const run = this.app.run
    const words = this.lostAt !== undefined ? `No connection to the server since ${clock(this.lostAt)}. What is shown may be old. The page ends with the coordinator: of a run that is over or paused, \`pasha-coord page\` shows it again.`
      : run?.coordinator === "silent" ? "The coordinator does not answer just now; what is shown is what its journal has."
      : run?.status === "failed" && run.message ? run.message : null
    this.strip.hidden = !words
    if (words) say(this.strip, words)
  }

  /** Which commands can be given now. */
  token() {
    const run = this.app.run
    if (!run) return
    const can = run.commands.accepted && this.lostAt === undefined
    this.opener.hidden = this.menu.hidden = !can
    this.lock.hidden = this.app.canCommand || !can
    for (const button of this.buttons) button.disabled = !can || !this.app.canCommand
  }

  connection(state, wait) {
    this.link.className = `connection ${state}`
    const words = { live: "live", connecting: "connecting", lost: `no connection, next try in ${duration(Math.ceil(wait ?? 0))}`, locked: "needs the token", over: "ended" }
    say(this.link.lastChild, words[state])
    if (state === "lost") this.lostAt ??= Date.now() / 1000
    else if (state !== "connecting") this.lostAt = undefined
    this.warn()
    this.token()
  }

  nextTheme() {
    const order = ["system", "light", "dark"]
    chooseTheme(order[(order.indexOf(chosenTheme()) + 1) % 3])
    this.showTheme()
  }

  showTheme() {
    const name = chosenTheme()
    this.theme.setAttribute("aria-label", `Colours: ${name}`)
    this.theme.title = `Colours: ${name} (key t)`
    replace(this.theme, { system: "◐", light: "○", dark: "●" }[name])
  }
}
