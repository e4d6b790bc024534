// Native dialogs.

import { freshId, h } from "./dom.js"

/**
 * Shows a dialog. `actions`: [text, action or null (closes), kind]; an action that gives a text keeps the dialog open and
 * shows it as what is wrong.
 */
export function dialog(title, body, actions) {
  const id = freshId("dialog")
  const wrong = h("p.wrong", { role: "alert", hidden: true })
  const element = h("dialog", { "aria-labelledby": id })
  const buttons = actions.map(([text, action, kind]) => h("button", {
    type: "button", class: kind, onclick: async () => {
      if (!action) return element.close()
      for (const button of buttons) button.disabled = true
      const message = await action()
      for (const button of buttons) button.disabled = false
      wrong.hidden = !message
      wrong.textContent = message ?? ""
      if (!message) element.close()
    },
  }, text))
  element.append(h("h2", { id }, title), h("div.content", null, body), wrong, h("div.actions", null, buttons))
  element.addEventListener("close", () => element.remove())
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close()
  })
  element.addEventListener("input", () => (wrong.hidden = true))
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return
    event.preventDefault()
    buttons.at(-1).click()
  })
  document.body.append(element)
  element.showModal()
  return element
}
