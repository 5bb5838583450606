// The call sheet by keyboard: I for the identity, 1 to 5 for the answers in order, a letter for the outcome.
// Without scripts the form works as it stands.
const form = document.querySelector("form[data-callsheet]");
if (form) {
  document.querySelector("[data-keys]").hidden = false;
  const told = document.querySelector("[data-told]");
  const checked = form.elements.identity_checked;
  const open = () => { if (told && checked.checked) told.open = true; };
  checked.addEventListener("change", open);
  open();
  const outcomes = { r: "reached", n: "no_answer", b: "busy", o: "phone_off", l: "call_later", x: "refused", w: "wrong_number", p: "wrong_person" };
  const choose = (input) => { input.checked = true; input.focus(); input.dispatchEvent(new Event("change", { bubbles: true })); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.matches?.("input:not([type=radio]):not([type=checkbox])")) return;
    const key = event.key.toLowerCase();
    if (key >= "1" && key <= "5") {
      const questions = [...form.querySelectorAll("[data-question]")];
      const next = questions.find((q) => !q.querySelector(":checked")) ?? questions.at(-1);
      choose(next.querySelector(`[value="${key}"]`));
    } else if (key === "i") {
      checked.checked = !checked.checked;
      checked.focus();
      open();
    } else if (outcomes[key]) {
      choose(form.querySelector(`[name=outcome][value=${outcomes[key]}]`));
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}
