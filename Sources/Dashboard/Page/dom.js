// Elements from descriptions. What the server says becomes text or the value of an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg"

/** h("button.quiet", { type: "button", onclick: f }, "Text", child, …); null and false children are left out. */
export function h(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".")
  return fill(document.createElement(tag || "div"), classes, attributes, children)
}

/** The same for SVG. */
export function s(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".")
  return fill(document.createElementNS(SVG, tag), classes, attributes, children)
}

function fill(element, classes, attributes, children) {
  for (const name of classes) element.classList.add(name)
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (name === "class") for (const word of value.split(" ")) word && element.classList.add(word)
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text)
    else if (name === "value" && "value" in element) element.value = value
    else element.setAttribute(name, value === true ? "" : String(value))
  }
  append(element, children)
  return element
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (Array.isArray(child)) append(element, child)
    else element.append(child instanceof Node ? child : String(child))
  }
}

/** Replaces what is in an element. The focus stays on what stands for the same as before. */
export function replace(element, ...children) {
  const active = document.activeElement
  const alike = () => [...element.querySelectorAll(active.tagName)]
  const place = active !== element && element.contains(active) ? alike().indexOf(active) : null
  element.replaceChildren()
  append(element, children)
  if (place !== null) (alike().find((one) => mark(one) === mark(active)) ?? alike()[place])?.focus({ preventScroll: true })
  return element
}

const mark = (element) => [element.tagName, element.getAttribute("href"), element.getAttribute("aria-label") ?? element.textContent].join("\n")

/** Sets the text only where it differs, so that selections and screen readers are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}

let identity = 0
export const freshId = (word) => `${word}-${++identity}`

/** Says something to screen readers. */
export function announce(text) {
  say(document.getElementById("announce"), text)
}

/** A short notice in the corner. */
export function toast(text, kind = "info") {
  const note = h("div.toast", { class: kind }, text)
  document.getElementById("toasts").append(note)
  setTimeout(() => note.remove(), kind === "error" ? 10000 : 5000)
}

/** Calls once a frame at most. */
export function onceAFrame(action) {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      action()
    })
  }
}
