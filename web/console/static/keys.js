// Single keys for the list of signals. They can be switched off, and are never taken from a field that is typed into.
const KEPT = "signalbox-keys";
const help = document.getElementById("help"), button = document.querySelector("[data-help]"), use = help.querySelector("[data-keys]");
const rows = () => [...document.querySelectorAll(".signals > li")];
const here = () => document.activeElement?.closest?.(".signals > li");
const kept = () => { try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; } };

function move(step) {
  const all = rows(), at = all.indexOf(here());
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => here()?.querySelector("input[name=id]")?.click(),
  "/": () => { const field = document.getElementById("q"); field.focus(); field.select(); },
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (event.key === "Enter" && event.target === here()) return here().querySelector("[data-open]").click();
  const action = use.checked && ACTIONS[event.key];
  if (action) { event.preventDefault(); action(); }
});
use.checked = kept();
use.addEventListener("change", () => { try { localStorage.setItem(KEPT, use.checked ? "on" : "off"); } catch { /* for this page alone */ } });
button.hidden = false;
button.addEventListener("click", () => help.showModal());
