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

  // Each form is sent when the browser has done its part; the tap alone does not count as sent.
  const hold = (event) => { event.preventDefault(); event.stopPropagation(); };

  on.addEventListener("submit", async (event) => {
    hold(event);
    if (await Notification.requestPermission() !== "granted") { on.hidden = true; return tell("denied"); }
    try {
      const key = Uint8Array.from(atob(say.key.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const s = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      on.elements.address.value = s.endpoint;
      on.elements.key.value = text(s.getKey("p256dh"));
      on.elements.secret.value = text(s.getKey("auth"));
      on.submit();
    } catch { tell("failed"); }
  });
  off.addEventListener("submit", async (event) => {
    hold(event);
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    off.submit();
  });
}
