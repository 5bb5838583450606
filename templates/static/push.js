// Notices on this phone, where its browser knows them: switched on by a tap, since browsers ask then and only then.
const card = document.getElementById("push"), say = card.dataset;
const [on, off] = card.querySelectorAll("form");
const tell = (word) => { card.querySelector("[data-told]").textContent = say[word]; };
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

if (!isSecureContext || !("PushManager" in globalThis) || !("Notification" in globalThis)) tell("none");
else if (Notification.permission === "denied") tell("denied");
else {
  const worker = await navigator.serviceWorker.ready;
  const has = await worker.pushManager.getSubscription();
  tell(has ? "on" : "off");
  on.hidden = !!has; off.hidden = !has;

  on.addEventListener("submit", async (event) => {
    if (on.elements.address.value) return; // the second time round, with what the browser gave
    event.preventDefault();
    if (await Notification.requestPermission() !== "granted") { on.hidden = true; return tell("denied"); }
    try {
      const key = Uint8Array.from(atob(say.key.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const s = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      on.elements.address.value = s.endpoint;
      on.elements.key.value = text(s.getKey("p256dh"));
      on.elements.secret.value = text(s.getKey("auth"));
      on.requestSubmit();
    } catch { tell("failed"); }
  });
  off.addEventListener("submit", async (event) => {
    const s = await worker.pushManager.getSubscription();
    if (!s) return;
    event.preventDefault();
    await s.unsubscribe();
    off.requestSubmit();
  });
}
