// Colours that canvases draw with: those of the style sheet, and the scales of the rungs.

// From the lowest rung to max_t. Lightness goes one way only, so that the order shows without colours as well.
const RUNGS = {
  light: ["#8a9bb0", "#5f93b5", "#2f83ad", "#1c6a9e", "#2d4d94", "#4a2f85", "#5b1467"],
  dark: ["#5d6b80", "#4a7fa8", "#3f9bb8", "#4fb8b0", "#86cf96", "#c5df7c", "#fff07a"],
}

let cache = null

export function isDark() {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
}

/** The style sheet's colours by name, without the dashes. */
export function colours() {
  if (cache) return cache
  const style = getComputedStyle(document.documentElement)
  const read = (name) => style.getPropertyValue(`--${name}`).trim()
  cache = Object.fromEntries(["ground", "panel", "text", "muted", "faint", "line", "grid", "accent", "good", "warn", "bad",
    "running", "held", "moving", "starting", "ending", "busy"].map((name) => [name, read(name)]))
  return cache
}

/** The colour of a level, counted from 0 (no rung yet) to `levels` (max_t). */
export function rungColour(level, levels) {
  if (level <= 0) return isDark() ? "#454f5e" : "#b9c2cd"
  const scale = RUNGS[isDark() ? "dark" : "light"]
  const place = levels <= 1 ? 1 : Math.min(1, Math.max(0, (level - 1) / (levels - 1)))
  return mix(scale, place)
}

/** A colour of the scale, 0…1. */
export const scaleColour = (place) => mix(RUNGS[isDark() ? "dark" : "light"], Math.min(1, Math.max(0, place)))

function mix(scale, place) {
  const at = place * (scale.length - 1)
  const low = Math.min(scale.length - 2, Math.floor(at))
  const part = at - low
  const channel = (text, index) => parseInt(text.slice(1 + 2 * index, 3 + 2 * index), 16)
  const parts = [0, 1, 2].map((index) =>
    Math.round(channel(scale[low], index) * (1 - part) + channel(scale[low + 1], index) * part))
  return `rgb(${parts.join(" ")})`
}

const listeners = new Set()
/** Calls when the scheme changes; gives what ends it. */
export function onScheme(action) {
  listeners.add(action)
  return () => listeners.delete(action)
}

/** Gives an element the colour of a place in the scale as `--c`, in this scheme and the other one. */
export function tint(element, place) {
  element.dataset.place = String(place)
  element.style.setProperty("--c", place < 0 ? rungColour(0, 1) : scaleColour(place))
  return element
}

/** The place of a level in the scale, for `tint`. */
export const levelPlace = (level, levels) => (level <= 0 ? -1 : levels <= 1 ? 1 : Math.min(1, (level - 1) / (levels - 1)))

function changed() {
  cache = null
  for (const element of document.querySelectorAll("[data-place]")) tint(element, Number(element.dataset.place))
  for (const action of listeners) action()
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed)

export const chosenTheme = () => document.documentElement.dataset.theme ?? "system"
export function chooseTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = name
  try {
    if (name === "system") localStorage.removeItem("pasha-theme")
    else localStorage.setItem("pasha-theme", name)
  } catch {
    // Then it lasts as long as the page.
  }
  changed()
}
