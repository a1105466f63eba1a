"use strict";
(() => {
  const form = document.querySelector("form.filter");
  // In print everything is open; afterwards as it was.
  const folded = [...document.querySelectorAll("details:not([open])")];
  addEventListener("beforeprint", () => folded.forEach((one) => { one.dataset.was = one.open; one.open = true; }));
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = one.dataset.was === "true"; }));
  if (!form) return;
  form.hidden = false;
  const find = document.getElementById("find");
  const shown = document.getElementById("shown");
  const nothing = document.querySelector(".nothing");
  const groups = [...document.querySelectorAll("table.rows > tbody")].map((body) => {
    const [head, ...rows] = body.rows;
    const of = head.textContent.toLowerCase();
    return { body, rows: rows.map((row) => ({ row, is: row.dataset.is.split(" "), text: of + " " + row.textContent.toLowerCase() })) };
  });
  const actions = ["create", "update", "replace", "delete", "adopt", "forget"];
  const causes = ["outside", "both", "unapplied", "unknown", "lag"];
  const kinds = ["key", "resource"];
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const picked = [...form.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.name);
    // Of one list any will do; what is in none has to hold.
    const lists = [actions, causes, kinds].map((list) => picked.filter((word) => list.includes(word))).filter((list) => list.length);
    const must = picked.filter((word) => ![actions, causes, kinds].some((list) => list.includes(word)));
    let count = 0;
    for (const { body, rows } of groups) {
      let any = false;
      for (const { row, is, text } of rows) {
        const fits = words.every((word) => text.includes(word)) && must.every((word) => is.includes(word))
          && lists.every((list) => list.some((word) => is.includes(word)));
        row.hidden = !fits;
        if (fits) { any = true; count += 1; }
      }
      body.hidden = !any;
    }
    shown.textContent = count === total ? `${number(total)} rows` : `${number(count)} of ${number(total)} rows`;
    nothing.hidden = count > 0;
  };
  let waiting = 0;
  form.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(apply); });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    }
    if (event.key === "Escape" && typing) { form.reset(); find.blur(); }
  });
  // Whoever follows a link into the picture sees the rows that it leads to.
  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.hidden) { form.reset(); setTimeout(() => target.scrollIntoView()); }
  };
  addEventListener("hashchange", follow);
})();
