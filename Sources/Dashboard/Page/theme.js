// Before the first paint: the colour scheme that was chosen here, else the system's.
(function () {
  let chosen = null
  try {
    chosen = localStorage.getItem("pasha-theme")
  } catch {
    // Without storage the system's scheme counts.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
})()
