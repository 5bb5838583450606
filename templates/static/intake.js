// Intake at the pace of a call: the caller appears while his number is typed, the job and its times follow the
// device. Every part is drawn by the server; this only asks for it and puts it in place.
const box = document.getElementById("intake");
const heard = document.getElementById("heard");
let turn = 0, timer = 0;

const take = () => document.getElementById("take");
const find = () => box.querySelector(".who input[name=q]");

async function page(path) {
  const mine = ++turn;
  const answer = await fetch(path);
  if (mine !== turn) return null;
  if (answer.redirected) { location.assign(answer.url); return null; }
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// carry keeps what was typed already when the caller turns out to be somebody else.
function carry(from, to) {
  if (!from || !to) return;
  for (const name of ["summary", "description", "told"]) {
    const a = from.elements[name], b = to.elements[name];
    if (a?.value && b && !b.value) b.value = a.value;
  }
}

async function who(path, keep) {
  let got;
  try { got = await page(path); } catch { return; }
  const fresh = got?.getElementById("intake");
  if (!fresh) return;
  const before = take();
  history.replaceState(null, "", path);
  if (keep) { // somebody still types the number: only what stands below it changes
    box.querySelector("#caller").replaceWith(fresh.querySelector("#caller"));
    const now = fresh.querySelector("#take");
    carry(before, now);
    before?.remove();
    if (now) box.append(now);
  } else {
    carry(before, fresh.querySelector("#take"));
    box.replaceChildren(...fresh.childNodes);
  }
  const name = box.querySelector(".caller-head h2")?.textContent;
  heard.textContent = name ?? box.querySelector("#caller").textContent.trim();
  const field = take()?.elements.customer_name ?? take()?.elements.summary;
  if (field && (name || !keep)) field.focus();
}

const digits = (text) => text.replace(/[\s-]/g, "");
const asked = () => "/desk/intake?" + new URLSearchParams({ q: find().value.trim() });

box.addEventListener("input", (e) => {
  if (e.target !== find()) return;
  clearTimeout(timer);
  const q = digits(find().value);
  if (/^1\d{10}$/.test(q)) { who(asked(), true); return; } // a whole mobile number
  if (q.length >= 7 || (q.length >= 2 && !/^[+\d]*$/.test(q))) timer = setTimeout(() => who(asked(), true), 300);
});
box.addEventListener("submit", (e) => {
  if (e.target !== find()?.form) return;
  e.preventDefault();
  clearTimeout(timer);
  const add = box.querySelector("#caller a.btn.go");
  if (add && add.href.endsWith(new URLSearchParams({ q: find().value.trim() }))) who(add.getAttribute("href"), false);
  else if (find().value.trim()) who(asked(), false);
});
box.addEventListener("click", (e) => {
  const link = e.target.closest("a[href^='/desk/intake?']");
  if (!link || e.ctrlKey || e.metaKey) return;
  e.preventDefault();
  who(link.getAttribute("href"), false);
});

// The job is drawn anew when what it depends on changes.
const drives = ["asset_id", "site_id", "kind", "region_code", "category"];
const shapes = ["duration_minutes", "priority", "skill_codes", "part_sku", "part_quantity"];
box.addEventListener("change", (e) => {
  const form = take(), name = e.target.name;
  if (!form || e.target.form !== form) return;
  const own = shapes.includes(name) || !!form.elements.own;
  if (!own && !drives.includes(name) || own && !drives.includes(name) && !shapes.includes(name)) return;
  if (name === "asset_id" && form.elements.site_id && e.target.dataset.site) form.elements.site_id.value = e.target.dataset.site;
  job(form, own);
});
async function job(form, own) {
  const query = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if ([...drives, ...(own ? shapes : [])].includes(key)) query.append(key, value);
  const customer = form.elements.customer_id?.value;
  if (customer) query.set("customer", customer); else query.set("new", "1");
  if (own) query.set("own", "1");
  const old = form.querySelector("#job");
  old.classList.add("asking");
  let got;
  try { got = await page("/desk/intake?" + query); } catch { old.classList.remove("asking"); return; }
  const now = got?.getElementById("job");
  if (!now) return;
  if (own) { // somebody works in these fields: only the times change
    old.classList.remove("asking");
    if (!form.elements.own) {
      const mark = document.createElement("input");
      mark.type = "hidden"; mark.name = "own"; mark.value = "1";
      old.append(mark);
    }
    old.querySelector("#slots")?.replaceWith(now.querySelector("#slots") ?? "");
  } else old.replaceWith(now);
  const caller = got.getElementById("caller");
  if (caller && customer) box.querySelector("#caller").replaceWith(caller);
}

// Alt and a digit takes a time: 0 leaves it to the queue.
document.addEventListener("keydown", (e) => {
  if (!e.altKey || e.ctrlKey || e.metaKey || !/^Digit\d$/.test(e.code)) return;
  const slots = take()?.querySelectorAll("input[name=slot]") ?? [];
  const slot = slots[+e.code.slice(5)];
  if (!slot) return;
  e.preventDefault();
  slot.checked = true;
  heard.textContent = slot.parentElement.textContent;
});
