// Before all else, and before the first paint.

// The colour scheme that was chosen here, else the system's.
;(function () {
  let chosen = null
  try {
    chosen = localStorage.getItem("pasha-theme")
  } catch {
    // Without storage the system's scheme counts.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
})()

// A part of the page that could not be loaded, as when an interface of the machine comes or goes, is tried again: three
// times, then it is said.
addEventListener("error", function (event) {
  if (!(event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement)) return
  let tries = 3
  try {
    tries = Number(sessionStorage.getItem("pasha-tries") ?? 0)
    sessionStorage.setItem("pasha-tries", String(tries + 1))
  } catch {
    // Then it is said at once.
  }
  if (tries < 3) setTimeout(() => location.reload(), 500 * (tries + 1))
  else document.getElementById("main").textContent = "The page could not be loaded. Is the server still running? Reload to try again."
}, true)
