// Keeps the list of signals current without moving what is being read. Without it, the page is right when loaded.
const list = document.querySelector("[data-live]");
const status = document.querySelector("[data-live-status]");
const PAUSE = 2000, LONGEST = 30000;
let cursor = list.dataset.cursor, pause = PAUSE, total = 0, busy = false, timer;
const say = (text, lost = false) => {
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
  if (shown?.dataset.version === row.dataset.version) return false;
  const held = shown?.contains(document.activeElement);
  const next = [...list.children].find((other) => other !== shown && other.dataset.at < row.dataset.at);
  if (shown) shown.replaceWith(row);
  else if (next || !("more" in list.dataset)) list.insertBefore(row, next ?? null);
  else return false;
  if (held) row.querySelector("a").focus({ preventScroll: true });
  row.classList.add("is-new");
  return !shown;
}

function show(fragment) {
  const bottom = document.documentElement.scrollHeight;
  const added = [...fragment.children].filter(place).length;
  cursor = fragment.dataset.cursor;
  if (list.children.length) document.querySelector("[data-empty]")?.remove();
  if (scrollY > list.offsetTop) scrollBy(0, document.documentElement.scrollHeight - bottom);
  total += added;
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || busy) return;
  busy = true;
  try {
    const answer = await fetch(`${list.dataset.live}?since=${encodeURIComponent(cursor)}`, { redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ol"));
    say(total ? `Live, ${total} new since you opened this page` : "Live");
    pause = PAUSE;
  } catch { pause = Math.min(pause * 2, LONGEST); say("Connection lost. Trying again…", true); } finally { busy = false; }
  timer = setTimeout(look, pause);
}

document.addEventListener("visibilitychange", look);
setInterval(refreshTimes, 15000);
look();
