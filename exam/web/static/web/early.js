// Runs before the page is painted: where no theme was chosen, the device's own preference decides.
(() => {
  const root = document.documentElement;
  if (root.dataset.bsTheme) return;
  const wants = (query) => window.matchMedia(query).matches;
  if (wants("(prefers-contrast: more)")) root.dataset.bsTheme = "contrast";
  else if (wants("(prefers-color-scheme: dark)")) root.dataset.bsTheme = "dark";
})();
