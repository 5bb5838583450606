// What every page of desk and phone gains when scripts run; nothing needs it.

// One tap, one post: a second tap while the first is on its way is ignored. Forms that the phone keeps are sent
// from there and stay on the page, to be used again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.dataset.queue) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
});

// A page that comes back from the browser's memory may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Ctrl or Command and Enter sends the form one is typing in.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("form");
  if (form?.method === "post") form.requestSubmit();
});

// After a refused form the first wrong field takes the focus.
document.querySelector("[aria-invalid=true]")?.focus();

// toast says for a while what was done, with a way back. undo is called at most once.
export function toast(text, { bad = false, undo = null, seconds = bad ? 15 : 10 } = {}) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const slip = document.createElement("div");
  slip.className = "toast" + (bad ? " is-late" : "");
  const words = document.createElement("p");
  words.textContent = text;
  slip.append(words);
  const away = () => slip.remove();
  const button = (label, act) => {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "link";
    b.textContent = label;
    b.addEventListener("click", () => { away(); act?.(); });
    slip.append(b);
    return b;
  };
  if (undo) button(box.dataset.undo, undo).dataset.act = "undo";
  button(box.dataset.close);
  let timer = setTimeout(away, seconds * 1000);
  slip.addEventListener("pointerenter", () => clearTimeout(timer));
  slip.addEventListener("focusin", () => clearTimeout(timer));
  slip.addEventListener("pointerleave", () => { timer = setTimeout(away, 4000); });
  while (box.childElementCount > 3) box.firstElementChild.remove();
  box.append(slip);
}

// A menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// All boxes of a table at once, and what is done with the chosen ones.
document.addEventListener("change", (event) => {
  const all = event.target.closest?.("[data-all]");
  const table = event.target.closest?.("table");
  if (all && table) for (const box of table.querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
  const bulk = document.querySelector("[data-chosen]");
  if (bulk && table) bulk.textContent = table.querySelectorAll("tbody input[type=checkbox]:checked").length;
});
