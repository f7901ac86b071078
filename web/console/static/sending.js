// A second click on a form that is on its way sends nothing, so that the answer that is shown is the first one's.
const PATIENCE = 5000;
const underWay = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (underWay.has(form)) return event.preventDefault();
  underWay.add(form);
  setTimeout(() => underWay.delete(form), PATIENCE);
});
