// What the list of signals does beyond links and forms: shows how many are chosen, and never swallows a refusal.
const boxes = () => [...document.querySelectorAll(".signals input[name=id]")];
function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const label = document.querySelector("[data-chosen]"), all = document.querySelector("[data-choose-all]");
  if (label) label.textContent = chosen ? ` (${chosen})` : "";
  if (all) {
    all.closest("[data-all]").hidden = false;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) for (const box of boxes()) box.checked = event.target.checked;
  count();
});
document.addEventListener("submit", (event) => {
  if (event.target.id === "bulk" && !boxes().some((box) => box.checked)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    boxes()[0]?.focus();
  }
}, true);
// Fields that were left empty do not clutter an address that is to be shared.
document.getElementById("finder").addEventListener("submit", (event) => {
  for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => { for (const field of document.getElementById("finder").elements) field.disabled = false; });
document.addEventListener("htmx:afterSettle", count);
const unreached = (is) => { document.querySelector("[data-unreached]").hidden = !is; };
document.addEventListener("htmx:sendError", () => unreached(true));
document.addEventListener("htmx:beforeRequest", () => unreached(false));
document.addEventListener("htmx:responseError", () => location.reload());
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || location.href);
  if (answered.pathname !== "/signals") { event.detail.shouldSwap = false; location.assign(answered.pathname); }
});
count();
