/* A photo stays where all words are parts of its caption, tags or path; accents and case do not
 * count. The texts are gathered when they are first asked for, and only what changes is touched. */
"use strict";
(() => {
  const form = document.getElementById("filter");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const cards = [...document.querySelectorAll(".photos>li")];
  if (cards.length === 0) return;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let texts;
  const gather = () => cards.map((card) => plain([...card.querySelectorAll(
    ".said,.tags,.name")].map((part) => part.textContent).join("\n")));
  const count = (number) => number.toLocaleString("en");
  const filter = () => {
    if (!texts) texts = gather();
    const words = plain(input.value).split(/\s+/).filter((word) => word);
    let shown = 0;
    cards.forEach((card, i) => {
      const hidden = !words.every((word) => texts[i].includes(word));
      if (card.hidden !== hidden) card.hidden = hidden;
      if (!hidden) shown++;
    });
    output.value = words.length === 0 ? "" :
      count(shown) + " of " + count(cards.length) +
      (cards.length === 1 ? " photo" : " photos");
  };
  input.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  if (input.value) filter(); /* a browser remembers what was typed */
})();
