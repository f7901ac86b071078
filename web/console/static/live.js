// Keeps the list of signals current without moving what is being read. Without it, the page is right when loaded.
const PAUSE = 2000, LONGEST = 30000;
let list, status, cursor, total = 0, pause = PAUSE, busy = false, timer;
const say = (text, lost = false) => {
  if (!status) return;
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle("is-lost", lost);
};
function ago(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < 3600) return seconds < 60 ? "just now" : `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}
function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    if (Date.now() - new Date(time.dateTime) < 30 * 86400000) time.textContent = ago(new Date(time.dateTime));
  }
}

function place(row) {
  const shown = document.getElementById(row.id);
  if (shown?.dataset.version === row.dataset.version || (!shown && row.matches(".is-deleted"))) return false;
  const held = shown?.contains(document.activeElement);
  const next = [...list.children].find((other) => other !== shown && other.dataset.at < row.dataset.at);
  const box = row.querySelector("input[name=id]");
  if (box) box.checked = Boolean(shown?.querySelector("input[name=id]")?.checked);
  if (shown) shown.replaceWith(row);
  else if (next || !("more" in list.dataset)) list.insertBefore(row, next ?? null);
  else return false;
  if (held) row.focus({ preventScroll: true });
  row.classList.add("is-new");
  return !shown;
}

function show(fragment) {
  const bottom = document.documentElement.scrollHeight;
  const added = [...fragment.children].filter(place).length;
  if (list.children.length) document.querySelector("[data-empty]")?.remove();
  if (scrollY > list.offsetTop) scrollBy(0, document.documentElement.scrollHeight - bottom);
  total += added;
}

function begin() {
  const found = document.querySelector("[data-live]");
  if (found === list) return;
  [list, cursor, total, pause] = [found, found?.dataset.cursor, 0, PAUSE];
  status = document.querySelector("[data-live-status]");
  look();
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || busy || !list) return;
  busy = true;
  const asked = list, address = new URL(list.dataset.live, location);
  address.searchParams.set("cursor", cursor);
  try {
    const answer = await fetch(address, { redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const fragment = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ol");
    if (asked === list) {
      if (fragment) show(fragment);
      cursor = answer.headers.get("Signalbox-Cursor") ?? fragment?.dataset.cursor ?? cursor;
      say(total ? `Live, ${total} new since you opened this page` : "Live");
    }
    pause = PAUSE;
  } catch { pause = Math.min(pause * 2, LONGEST); say("Connection lost. Trying again…", true); } finally { busy = false; }
  timer = setTimeout(look, asked === list ? pause : 0);
}

document.addEventListener("visibilitychange", look);
document.addEventListener("htmx:afterSettle", begin);
setInterval(refreshTimes, 15000);
begin();
