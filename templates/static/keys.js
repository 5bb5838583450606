// The palette (Ctrl K), the help (?) and single-letter shortcuts. All of it is a faster way to links that
// stand on the page anyway. Letters do nothing while somebody types, and can be switched off.
const typing = (e) => e.target.closest?.("input, textarea, select, [contenteditable]");
const free = (e) => !e.ctrlKey && !e.metaKey && !e.altKey && !e.isComposing;

function dialog(label) {
  const d = document.createElement("dialog");
  d.className = "sheet-dialog";
  d.setAttribute("aria-label", label);
  d.addEventListener("close", () => d.remove());
  d.addEventListener("click", (e) => { if (e.target === d) d.close(); });
  document.body.append(d);
  return d;
}

const goes = { s: "/desk", r: "/requests", o: "/orders", c: "/callbacks", f: "/follow-ups", k: "/stock", h: "/home", x: "/desk/exceptions" };
let waiting = 0; // since when a "g" waits for its second letter

document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
    e.preventDefault();
    palette();
    return;
  }
  if (!free(e) || typing(e) || document.querySelector("dialog[open]") || !("keys" in document.body.dataset)) return;
  if (Date.now() - waiting < 1500 && goes[e.key]) {
    waiting = 0;
    const link = document.querySelector(`.sections a[href="${goes[e.key]}"]`);
    if (link || goes[e.key] === "/desk/exceptions") { e.preventDefault(); location.assign(goes[e.key]); }
    return;
  }
  waiting = e.key === "g" ? Date.now() : 0;
  if (e.key === "?") { e.preventDefault(); help(); }
  if (e.key === "/") {
    const field = document.querySelector("main input[type=search]");
    e.preventDefault();
    if (field) field.focus(); else palette();
  }
  if (e.key === "n") document.querySelector(".bar-new")?.click();
});

document.addEventListener("click", (e) => {
  if (e.ctrlKey || e.metaKey || e.button) return;
  if (e.target.closest("[data-help]")) { e.preventDefault(); help(); }
  if (e.target.closest("[data-palette]")) { e.preventDefault(); palette(); }
});

async function help() {
  const answer = await fetch("/keys");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const d = dialog(page.querySelector("h1").textContent);
  d.append(...page.querySelector("main").children);
  d.showModal();
}

// palette finds pages, acts and records: what stands in the navigation at once, the rest by asking.
function palette() {
  if (document.querySelector("dialog[open]")) return;
  const opener = document.querySelector("[data-palette]");
  if (!opener) return;
  const d = dialog(opener.firstChild.textContent.trim());
  d.classList.add("palette");
  const input = document.createElement("input");
  input.type = "search";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  input.setAttribute("aria-label", opener.firstChild.textContent.trim());
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  d.append(input, list);
  const fixed = [...document.querySelectorAll(".sections a, .bar-new, .menu-body a, [data-command]")].map((a) => ({
    title: [...a.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join(" ").trim(), path: a.getAttribute("href"), act: a,
  }));
  let found = [], at = 0, asked = 0;
  const draw = () => {
    const q = input.value.trim().toLowerCase();
    const rows = fixed.filter((f) => !q || f.title.toLowerCase().includes(q)).concat(found).slice(0, 14);
    at = Math.max(0, Math.min(at, rows.length - 1));
    list.replaceChildren(...rows.map((row, i) => {
      const li = document.createElement("li");
      li.id = "palette-" + i;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", i === at);
      for (const [cls, text] of [["number", row.number], ["", row.title], ["muted", row.detail], ["muted end", row.kind]]) {
        if (!text) continue;
        const span = document.createElement("span");
        span.className = cls;
        span.textContent = text;
        li.append(span);
      }
      li.addEventListener("click", () => open(row));
      return li;
    }));
    input.setAttribute("aria-activedescendant", rows.length ? "palette-" + at : "");
    list.rows = rows;
  };
  const open = (row) => {
    d.close();
    if (row.act) row.act.click(); else location.assign(row.path);
  };
  input.addEventListener("input", () => {
    at = 0;
    draw();
    const turn = ++asked, q = input.value.trim();
    setTimeout(async () => {
      if (turn !== asked) return;
      found = [];
      if (q) {
        const answer = await fetch("/search?q=" + encodeURIComponent(q), { headers: { Accept: "application/json" } });
        if (turn !== asked || !answer.ok) return;
        found = await answer.json();
      }
      draw();
    }, 120);
  });
  input.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) { e.preventDefault(); at = (at + step + list.rows.length) % (list.rows.length || 1); draw(); }
    if (e.key === "Enter" && list.rows[at]) { e.preventDefault(); open(list.rows[at]); }
  });
  draw();
  d.showModal();
  input.focus();
}
