// The board of the schedule: puts bars in their places, and lets a job be dragged, stretched, moved by keys
// or given away by one key. Whatever it does is a form that stands on the page too; every slot is judged by
// the server before it is let go, and again when it is.
import { toast } from "./app.js";

const board = document.getElementById("board");
const side = document.getElementById("side");
const said = document.getElementById("said");
const step = 15; // minutes
const words = board?.dataset ?? {};
const axis = { from: +words.from, to: +words.to, days: +words.days || 1 };
const minutesOfDay = (axis.to - axis.from) * 60;
const whole = minutesOfDay * axis.days; // minutes on the axis

// Places. Positions are ten-thousandths of the axis; they are set by script, since the policy allows no
// style in the page.
function place(root) {
  for (const e of root.querySelectorAll("[data-x]")) {
    const x = +e.dataset.x / 100 + "%";
    if (e.style.left !== x) e.style.left = x;
    const w = e.dataset.w;
    if (w !== undefined) {
      const width = +w / 100 + "%";
      if (e.style.width !== width) e.style.width = width;
    }
  }
}
if (board) {
  board.style.setProperty("--hours", words.axis);
  if (+words.now >= 0) board.style.setProperty("--now", +words.now / 100 + "%");
  place(board);
  mark(chosen());
}

const order = (link) => new URL(link.href).searchParams.get("order");
const rowOf = (e) => e.closest(".er");
const idOf = (row) => row.id.slice(2);
const jobs = () => [...document.querySelectorAll("#queue .job a")];

document.querySelector(".tools select[name=region]")?.addEventListener("change", (e) => e.target.form.submit());

// The order one looks at.
function chosen() {
  return side?.querySelector("input[name=order]")?.value ?? side?.querySelector(".side-head a.number")?.textContent ?? "";
}

function mark(number) {
  for (const e of document.querySelectorAll(".job.chosen, .vb.chosen")) e.classList.remove("chosen");
  for (const e of document.querySelectorAll(".job a[aria-current]")) e.removeAttribute("aria-current");
  if (!number) return;
  for (const link of document.querySelectorAll(`.job a[href="?order=${number}"], .vb[href="?order=${number}"]`)) {
    (link.closest(".job") ?? link).classList.add("chosen");
    if (link.closest(".job")) link.setAttribute("aria-current", "true");
  }
}

let looking = "";
async function look(number) {
  looking = number;
  mark(number);
  const here = new URLSearchParams({ order: number, day: words.day ?? "", region: new URLSearchParams(location.search).get("region") ?? "" });
  const answer = await fetch("/desk/side?" + here);
  if (looking !== number || !answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  side.replaceChildren(...page.body.childNodes);
  side.scrollTop = 0;
}

document.addEventListener("click", (e) => {
  const link = e.target.closest?.(".job a, .vb");
  if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
  e.preventDefault();
  if (!justDragged) look(order(link));
});

// Acts. Each is one form to one address with its own key; the answer says what was done and how to undo it.
let count = 0, undoing = null;
async function send(path, fields, { ask = true, quiet = false } = {}) {
  const body = new URLSearchParams({ ...fields, idempotency_key: `${words.key}.b${++count}` });
  let answer, told;
  try {
    answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
    told = await answer.json();
  } catch {
    toast(words.tLag, { bad: true });
    return false;
  }
  if (answer.ok) {
    undoing = told.undo && !quiet ? () => send(told.undo.path, told.undo.fields, { quiet: true }) : null;
    toast(told.text, { undo: undoing });
    said.textContent = told.text;
    return true;
  }
  if (told.fail?.code === "signed_out") {
    toast(told.text, { bad: true, seconds: 60 });
    return false;
  }
  if (ask && told.fail?.ask) {
    const why = await reason(told.text);
    return why ? send(path, { ...fields, [told.fail.ask]: why }, { ask: told.fail.ask === "reason" }) : false;
  }
  toast(told.text, { bad: true });
  said.textContent = told.text;
  return false;
}

// reason asks once why a rule is set aside.
function reason(text) {
  return new Promise((done) => {
    const d = document.createElement("dialog");
    const form = document.createElement("form");
    form.method = "dialog";
    form.className = "form";
    const p = document.createElement("p");
    p.textContent = text;
    const label = document.createElement("label");
    label.className = "field";
    const name = document.createElement("span");
    name.textContent = words.tReason;
    const input = document.createElement("input");
    input.required = true;
    input.maxLength = 500;
    input.name = "why";
    label.append(name, input);
    const row = document.createElement("div");
    row.className = "actions";
    const go = document.createElement("button");
    go.className = "go";
    go.textContent = words.tGo;
    const back = document.createElement("button");
    back.type = "button";
    back.textContent = words.tBack;
    back.addEventListener("click", () => d.close());
    row.append(go, back);
    form.append(p, label, row);
    let why = "";
    form.addEventListener("submit", () => { why = input.value.trim(); });
    d.append(form);
    d.addEventListener("close", () => { d.remove(); done(why); });
    document.body.append(d);
    d.showModal();
    input.focus();
  });
}

// Forms of the panel that change a bar are sent without leaving the page; a proposal is drawn with a page of its own.
side?.addEventListener("submit", async (e) => {
  const form = e.target;
  if (form.method !== "post" || !["/desk/assign", "/desk/move", "/desk/unassign"].includes(form.getAttribute("action"))) return;
  e.preventDefault();
  e.stopPropagation();
  const fields = Object.fromEntries(new FormData(form));
  delete fields.idempotency_key;
  const next = after(fields.order);
  if (await send(form.getAttribute("action"), fields)) look(form.getAttribute("action") === "/desk/assign" ? next : fields.order);
}, true);

// after is the order to look at once this one is gone from the queue.
function after(number) {
  const list = jobs().map(order);
  const at = list.indexOf(number);
  return list[at + 1] ?? list[at - 1] ?? number;
}

// Live changes. While something is held, messages wait; they are drawn when it is let go.
let held = null;
function hold() {
  let open;
  const until = new Promise((done) => { open = done; });
  held = { until, open };
}
function release() {
  held?.open();
  held = null;
}
document.addEventListener("htmx:sse:before:message", (e) => { if (held) e.detail.waitUntil(held.until); });
document.addEventListener("htmx:sse:after:message", () => {
  if (board) place(board);
  const number = chosen();
  mark(number);
  // What one looks at may be gone from the queue, or be back in it.
  const waits = jobs().some((l) => order(l) === number);
  const offers = side.querySelector("form[action='/desk/assign']");
  if (number && !side.contains(document.activeElement) && waits !== !!offers && !waits === !!offers) look(number);
  if (!number && jobs().length) look(order(jobs()[0]));
});
let lost = false;
document.addEventListener("htmx:sse:error", () => {
  if (!lost) toast(words.tLost, { bad: true, seconds: 30 });
  lost = true;
});
document.addEventListener("htmx:sse:after:connection", () => { lost = false; });
// A stream that breaks is tried again by its extension; one that never began is tried again here.
let tries = 0;
document.addEventListener("htmx:finally:request", (e) => {
  const live = e.target;
  if (live.id !== "live" || live._htmx?.sse) { tries = 0; return; }
  if (!lost) toast(words.tLost, { bad: true, seconds: 30 });
  lost = true;
  setTimeout(() => live._htmx?.sse || htmx.ajax("GET", live.getAttribute("hx-sse:connect"), { source: live }), Math.min(30_000, 500 * 2 ** tries++));
});

// Time on the axis.
const pad = (n) => String(n).padStart(2, "0");
function wall(minutes) { // from the axis to what a clock on the wall shows
  const day = Math.min(Math.floor(minutes / minutesOfDay), axis.days - 1);
  const rest = minutes - day * minutesOfDay + axis.from * 60;
  const [y, m, d] = words.day.split("-").map(Number);
  const date = new Date(Date.UTC(y, m - 1, d + day, 0, rest));
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}T${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
}
const clock = (minutes) => wall(minutes).slice(11);
const snap = (minutes) => Math.round(minutes / step) * step;

// A lift is a job in somebody's hand: over which row, from when, for how long.
let lift = null, justDragged = false;

function begin({ number, bar, title, length, start, row, stretch }) {
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  const box = document.createElement("div");
  box.className = "box";
  box.textContent = title;
  const say = document.createElement("div");
  say.className = "say";
  say.hidden = true;
  ghost.append(box, say);
  document.body.append(ghost);
  // Rows do not move while something is held, so they are measured once.
  const lanes = [...board.querySelectorAll(".grp[open] .lane")].map((lane) => ({ lane, row: rowOf(lane), box: lane.getBoundingClientRect() }));
  const view = board.parentElement;
  lift = { number, bar, length, start, row, stretch, ghost, box, say, lanes, view, top: view.scrollTop, left: view.scrollLeft, over: null, width: 0, asked: "", turn: 0 };
  bar?.classList.add("held");
  document.body.classList.add(stretch ? "resizing" : "dragging");
  hold();
}

// put shows the lift where it would lie and asks the server about it.
function put(lane, start, length) {
  const l = lift;
  l.start = Math.max(0, Math.min(start, whole - step));
  l.length = Math.max(step, length);
  if (l.over !== lane) {
    l.over?.lane.classList.remove("over");
    l.over = lane;
    lane?.lane.classList.add("over");
  }
  if (!lane) return;
  const dx = l.view.scrollLeft - l.left, dy = l.view.scrollTop - l.top;
  const x = lane.box.left - dx + (l.start / whole) * lane.box.width;
  const width = Math.max(24, (l.length / whole) * lane.box.width);
  if (width !== l.width) { l.box.style.width = width + "px"; l.width = width; }
  l.ghost.style.transform = `translate(${Math.round(x)}px, ${Math.round(lane.box.top - dy + 4)}px)`;
  const slot = `${idOf(lane.row)} ${l.start} ${l.length}`;
  if (slot === l.asked) return;
  l.asked = slot;
  l.box.dataset.slot = `${clock(l.start)}–${clock(l.start + l.length)}`;
  clearTimeout(l.timer);
  l.timer = setTimeout(() => judge(l, lane, slot), 110);
}

async function judge(l, lane, slot) {
  const query = new URLSearchParams({ order: l.number, engineer_id: idOf(lane.row), starts_at: wall(l.start), ends_at: wall(l.start + l.length) });
  let told;
  try {
    told = await (await fetch("/desk/judge?" + query, { headers: { Accept: "application/json" } })).json();
  } catch { return; }
  if (lift !== l || l.asked !== slot) return;
  l.ghost.classList.remove("ok", "soft", "no");
  const soft = told.soft || (told.ok && told.outside);
  l.ghost.classList.add(told.ok && !told.outside ? "ok" : soft ? "soft" : "no");
  const name = lane.row.querySelector(".who b").textContent;
  l.say.textContent = [`${l.box.dataset.slot} ${name}`, told.ok ? words.tFree : told.text, soft ? words.tSoft : "", ...(told.ok ? (told.reasons ?? []).slice(0, 3) : [])].filter(Boolean).join(" · ");
  l.say.hidden = false;
  said.textContent = l.say.textContent;
}

// end takes the lift away; drop sends it where it lies.
async function end(drop) {
  const l = lift;
  if (!l) return;
  clearTimeout(l.timer);
  lift = null;
  l.over?.lane.classList.remove("over");
  l.ghost.remove();
  document.body.classList.remove("dragging", "resizing");
  let done = false;
  if (drop && l.over) {
    const fields = { order: l.number, engineer_id: idOf(l.over.row), starts_at: wall(l.start), ends_at: wall(l.start + l.length) };
    if (l.bar) fields.version = l.bar.dataset.v;
    release(); // the answer may come by the stream first
    const next = l.bar ? l.number : after(l.number);
    done = await send(l.bar ? "/desk/move" : "/desk/assign", fields);
    if (done) look(next);
  } else {
    said.textContent = words.tStay;
  }
  l.bar?.classList.remove("held");
  release();
}

// By pointer: after a few pixels with a mouse, after a moment with a finger.
let press = null;
document.addEventListener("pointerdown", (e) => {
  if (!board || !("can" in words) || e.button || lift) return;
  const bar = e.target.closest?.(".vb.can"), job = e.target.closest?.("#queue .job");
  if (!bar && !job) return;
  press = { bar, job, x: e.clientX, y: e.clientY, id: e.pointerId, touch: e.pointerType === "touch" };
  if (press.touch) press.timer = setTimeout(() => press && raise(press, press.x, press.y), 380);
});
document.addEventListener("dragstart", (e) => { if (e.target.closest?.(".vb, .job")) e.preventDefault(); });

function raise(p, x, y) {
  const link = p.bar ?? p.job.querySelector("a");
  press = null;
  if (p.bar) {
    const box = p.bar.getBoundingClientRect();
    const start = (+p.bar.dataset.x / 10000) * whole, length = snap((+p.bar.dataset.w / 10000) * whole);
    const stretch = p.x > box.right - 9 && box.width > 24;
    begin({ number: order(link), bar: p.bar, title: p.bar.textContent, length, start: snap(start), row: rowOf(p.bar), stretch });
    lift.grip = (p.x - box.left) / box.width * length;
  } else {
    const text = p.job.querySelector("b").textContent;
    begin({ number: order(link), title: text, length: minutesOf(p.job), start: 0, row: null });
    lift.grip = 0;
  }
  follow(x, y);
}

// minutesOf reads how long an order takes from its panel, or believes in an hour.
function minutesOf(job) {
  return snap(+job.dataset.m || 60);
}

let pointer = null, edging = 0;
function follow(x, y) {
  const l = lift, dx = l.view.scrollLeft - l.left, dy = l.view.scrollTop - l.top;
  const inside = l.lanes.find((r) => y + dy >= r.box.top && y + dy < r.box.bottom);
  if (l.stretch) {
    const lane = l.lanes.find((r) => r.row === l.row);
    put(lane, l.start, snap((x + dx - lane.box.left) / lane.box.width * whole - l.start));
    return;
  }
  const view = l.view.getBoundingClientRect();
  const over = inside && x > view.left && x < view.right && y > view.top && y < view.bottom ? inside : null;
  if (!over) {
    put(null, l.start, l.length);
    l.ghost.style.transform = `translate(${x}px, ${y}px)`;
    return;
  }
  put(over, snap((x + dx - over.box.left) / over.box.width * whole - l.grip), l.length);
}

// Near an edge of the board it scrolls by itself.
function edge() {
  edging = 0;
  if (!lift || !pointer) return;
  const v = lift.view.getBoundingClientRect();
  const near = (a, b) => (a < 28 && a > -40 ? -12 : b < 28 && b > -40 ? 12 : 0);
  const dx = pointer.y > v.top && pointer.y < v.bottom && pointer.x > v.left ? near(pointer.x - v.left - 148, v.right - pointer.x) : 0;
  const dy = pointer.x > v.left && pointer.x < v.right ? near(pointer.y - v.top - 30, v.bottom - pointer.y) : 0;
  if (!dx && !dy) return;
  lift.view.scrollBy(dx, dy);
  follow(pointer.x, pointer.y);
  edging = requestAnimationFrame(edge);
}

document.addEventListener("pointermove", (e) => {
  if (press) {
    const far = Math.hypot(e.clientX - press.x, e.clientY - press.y);
    if (press.touch && far > 10) { clearTimeout(press.timer); press = null; }
    else if (!press.touch && far > 4) raise(press, e.clientX, e.clientY);
    return;
  }
  if (!lift || lift.keys) return;
  pointer = { x: e.clientX, y: e.clientY };
  follow(e.clientX, e.clientY);
  if (!edging) edging = requestAnimationFrame(edge);
});
document.addEventListener("touchmove", (e) => { if (lift) e.preventDefault(); }, { passive: false });
document.addEventListener("pointerup", () => {
  clearTimeout(press?.timer);
  press = null;
  if (!lift || lift.keys) return;
  justDragged = true;
  setTimeout(() => { justDragged = false; }, 0);
  end(true);
});
document.addEventListener("pointercancel", () => { clearTimeout(press?.timer); press = null; if (lift && !lift.keys) end(false); });

// By keys.
const typing = (e) => e.target.closest?.("input, textarea, select, [contenteditable], dialog");
document.addEventListener("keydown", (e) => {
  if (lift && e.key === "Escape") { e.preventDefault(); end(false); return; }
  if (lift?.keys) { carry(e); return; }
  if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  const bar = e.target.closest?.(".vb");
  if (bar && e.key.startsWith("Arrow")) { e.preventDefault(); walk(bar, e.key); return; }
  if (!("keys" in document.body.dataset)) return;
  switch (e.key) {
    case "j": case "k": choose(e.key === "j" ? 1 : -1); break;
    case "a": best(); break;
    case "1": case "2": case "3": side.querySelector(`button[data-nth="${e.key}"]`)?.click(); break;
    case "m": if (bar?.classList.contains("can")) grab(bar); break;
    case "+": case "-": if (bar?.classList.contains("can")) { grab(bar); carry(e); } break;
    case "u": unassign(bar); break;
    case "z": undoing?.(); undoing = null; break;
    case "[": document.querySelector("[data-day='-']").click(); break;
    case "]": document.querySelector("[data-day='+']").click(); break;
    case "t": document.querySelector("[data-day='0']").click(); break;
    default: return;
  }
  e.preventDefault();
});

function choose(by) {
  const list = jobs();
  if (!list.length) return;
  const at = list.findIndex((l) => order(l) === (looking || chosen()));
  const to = list[Math.max(0, Math.min(list.length - 1, at + by))];
  to.focus();
  to.closest(".job").scrollIntoView({ block: "nearest" });
  look(order(to));
}

// best gives the order one looks at, or the most urgent one, to whoever is best.
async function best() {
  const list = jobs().map(order);
  const number = list.includes(looking || chosen()) ? looking || chosen() : list[0];
  if (!number) return;
  const next = after(number);
  if (await send("/desk/assign", { order: number })) look(next);
}

async function unassign(bar) {
  const number = bar ? order(bar) : chosen();
  if (number && (bar || side.querySelector("form[action='/desk/unassign']")) && await send("/desk/unassign", { order: number })) look(number);
}

// walk goes to the next visit of the row, or to the nearest in time of the row above or below.
function walk(bar, key) {
  const row = rowOf(bar), bars = [...row.querySelectorAll(".vb")];
  let to;
  if (key === "ArrowLeft" || key === "ArrowRight") to = bars[bars.indexOf(bar) + (key === "ArrowRight" ? 1 : -1)];
  else {
    const rows = [...board.querySelectorAll(".grp[open] .er")];
    const down = key === "ArrowDown" ? 1 : -1;
    for (let i = rows.indexOf(row) + down; rows[i] && !to; i += down) {
      const near = [...rows[i].querySelectorAll(".vb")].sort((a, b) => Math.abs(a.dataset.x - bar.dataset.x) - Math.abs(b.dataset.x - bar.dataset.x));
      to = near[0];
    }
  }
  to?.focus();
}

function grab(bar) {
  const length = snap((+bar.dataset.w / 10000) * whole), start = snap((+bar.dataset.x / 10000) * whole);
  begin({ number: order(bar), bar, title: bar.textContent, length, start, row: rowOf(bar) });
  lift.keys = true;
  put(lift.lanes.find((r) => r.row === lift.row), start, length);
  said.textContent = words.tGrab;
}

function carry(e) {
  const l = lift, at = l.lanes.indexOf(l.over);
  const moves = {
    ArrowLeft: () => put(l.over, l.start - step, l.length), ArrowRight: () => put(l.over, l.start + step, l.length),
    ArrowUp: () => put(l.lanes[Math.max(0, at - 1)], l.start, l.length), ArrowDown: () => put(l.lanes[Math.min(l.lanes.length - 1, at + 1)], l.start, l.length),
    "+": () => put(l.over, l.start, l.length + step), "-": () => put(l.over, l.start, l.length - step),
    Enter: () => end(true),
  };
  if (!moves[e.key]) return;
  e.preventDefault();
  moves[e.key]();
  l.over?.row.scrollIntoView({ block: "nearest" });
}
