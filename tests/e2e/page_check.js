/* Looks at an open page of captions and says, line by line, what is really drawn and what its filter
 * does: evaluated in the page by test_page.sh. */
(() => {
  "use strict";
  const lines = [];
  const say = (name, value) => lines.push(name + " " + value);
  const cards = [...document.querySelectorAll(".photos>li")];
  const photos = [...document.querySelectorAll(".photos img")];
  const visible = () => cards.filter((card) => card.getBoundingClientRect().height > 0).length;

  const root = document.documentElement;
  say("fits", root.scrollWidth <= root.clientWidth);
  say("cards", cards.length);
  say("visible", visible());
  say("photos-drawn", photos.filter((photo) => photo.complete && photo.naturalWidth > 0).length);
  say("photos-described", cards.filter((card) =>
    card.querySelector("img").alt === card.querySelector(".said").textContent).length);
  say("failed", document.querySelectorAll(".failed li").length);
  say("summary", document.querySelector("header p").textContent.trim());
  say("scripts", window.hostile === undefined ? "ours" : "hostile");

  const input = document.querySelector("input");
  if (input.getBoundingClientRect().height === 0) { /* no script, no filter */
    say("filter", "none");
    return lines.join("\n");
  }
  const filter = (words) => {
    input.value = words;
    input.dispatchEvent(new Event("input"));
    return document.querySelector("output").textContent;
  };
  say("label", input.labels[0].textContent);
  say("told-of-a-name", filter("PHOTO-007"));
  say("visible-of-a-name", visible());
  const said = document.querySelector(".photos>li:not([hidden]) .said").textContent;
  filter(said + " photo-007");
  say("visible-of-caption-and-name", visible());
  say("told-of-nothing", filter("no such word anywhere"));
  say("visible-of-nothing", visible());
  say("told-of-no-filter", filter("") === "");
  say("visible-of-no-filter", visible());
  return lines.join("\n");
})()
