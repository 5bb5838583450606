// While a new arrangement is being searched the page looks again by itself.
async function again() {
  if (document.querySelector("#out [data-running]")) {
    try {
      const answer = await fetch(location.href);
      const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("out");
      if (now && !document.getElementById("out").contains(document.activeElement)) document.getElementById("out").replaceWith(now);
    } catch { /* the next look may reach the server again */ }
  }
  setTimeout(again, 1000);
}
again();
