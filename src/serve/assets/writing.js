/* A field for a sentence: the words that are likely to come next are shown as one types, and Tab, a
 * click or Enter takes one. It is a combobox with a list box (WAI-ARIA Authoring Practices). Tab moves
 * on, as everywhere, until something was typed and after Escape: nobody is caught in the field.
 * `box` is of the template "writing"; ask(text, signal) gives {begun, words} or throws. */
"use strict";
const suggestWords = (box, label, ask) => {
  const DELAY = 60; // ms after a key: who types fast asks once
  const field = box.querySelector("input"), list = box.querySelector("ul"), heard = box.querySelector(".heard");
  const number = suggestWords.fields = (suggestWords.fields || 0) + 1;
  let before = "", typed = false, active = -1, asking = new AbortController(); // before: the word that is begun

  box.querySelector("label span").textContent = label;
  list.id = "words-" + number;
  field.setAttribute("aria-controls", list.id);

  const choose = (index) => {
    active = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === index));
    if (index >= 0) field.setAttribute("aria-activedescendant", list.children[index].id);
    else field.removeAttribute("aria-activedescendant");
  };

  const hide = () => {
    asking.abort();
    list.replaceChildren();
    list.hidden = true;
    heard.textContent = "";
    field.setAttribute("aria-expanded", "false");
    choose(-1);
  };

  /* Whether the text can still become that word: another key may come before the words for it do. */
  const fits = (word) => field.value.startsWith(before) &&
    word.toLowerCase().startsWith(field.value.slice(before.length).toLowerCase());

  /* The word in place of what was typed of it, and a space; a full stop ends the sentence. */
  const take = (word) => {
    if (!fits(word)) return;
    const begun = field.value.slice(before.length);
    if (word === ".") {
      field.value = before.trimEnd() + ".";
    } else {
      const capital = begun && begun[0] !== begun[0].toLowerCase();
      field.value = before + (before && !/\s$/.test(before) ? " " : "") +
        (capital ? word[0].toUpperCase() + word.slice(1) : word) + " ";
    }
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.dispatchEvent(new Event("input", {bubbles: true}));
  };

  const show = (answer) => {
    const items = answer.words.map(({word, probability}, i) => {
      const item = document.createElement("li"), share = document.createElement("small");
      item.id = list.id + "-" + i;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.append(word === "." ? "end of the sentence" : word, " ", share);
      share.textContent = probability < 0.001 ? "" : (100 * probability).toFixed(probability >= 0.1 ? 0 : 1) + " %";
      item.addEventListener("click", () => take(word));
      item.dataset.word = word;
      return item;
    });
    before = field.value.slice(0, field.value.length - answer.begun.length);
    list.replaceChildren(...items);
    list.hidden = items.length === 0;
    field.setAttribute("aria-expanded", String(items.length > 0));
    heard.textContent = items.length ? (typed ? "Tab: " : "") + items[0].firstChild.textContent : "";
    choose(-1);
  };

  /* Only the last question's answer counts. */
  const update = async () => {
    const own = asking = new AbortController();
    if (/[.!?]\s*$/.test(field.value) || field.selectionStart !== field.value.length) return hide();
    try {
      await new Promise((done) => setTimeout(done, DELAY));
      if (own.signal.aborted) return;
      const answer = await ask(field.value, own.signal);
      if (!own.signal.aborted) show(answer);
    } catch (error) {
      if (own.signal.aborted) return;
      hide();
      heard.textContent = error.message;
    }
  };

  field.addEventListener("input", () => {
    typed = true;
    asking.abort();
    update();
  });
  field.addEventListener("focus", () => {
    typed = false;
    asking.abort();
    update();
  });
  field.addEventListener("blur", hide);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); /* the field keeps the focus */

  const keys = {
    Tab: (event) => {
      if (event.shiftKey || list.hidden || (!typed && active < 0)) return false;
      const words = [...list.children].map((item) => item.dataset.word);
      take(active >= 0 ? words[active] : words.find(fits) || words[0]);
      return true;
    },
    Enter: () => {
      if (active >= 0) take(list.children[active].dataset.word);
      return true;
    },
    Escape: () => {
      const shown = !list.hidden;
      typed = false;
      hide();
      return shown;
    },
    ArrowDown: () => !list.hidden && (choose((active + 1) % list.childElementCount), true),
    ArrowUp: () => !list.hidden &&
      (choose((active + list.childElementCount + (active < 0 ? 0 : -1)) % list.childElementCount), true),
  };
  field.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
    if (plain && keys[event.key] && keys[event.key](event)) event.preventDefault();
  });
  hide();
  return field;
};
