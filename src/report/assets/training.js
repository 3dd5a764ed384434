"use strict";
(() => {
  const stepper = document.getElementById("stepper");
  if (!stepper) return;
  const slider = stepper.querySelector("input");
  const output = stepper.querySelector("output");
  const [back, forth] = stepper.querySelectorAll("button");
  const rows = [...document.querySelectorAll("tr[data-epoch]")];
  const charts = [...document.querySelectorAll("svg.chart")];
  const cards = [...document.querySelectorAll(".photos article")].map((card) => ({
    said: card.querySelector(".said"),
    lines: [...card.querySelectorAll(".history li")],
  }));
  const turn = (element, on) => {
    element.classList.toggle("now", on);
    if (on) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  };
  const point = (chart, epoch) => {
    const [low, high, left, right] = ["low", "high", "left", "right"].map(
      (name) => Number(chart.dataset[name]));
    const x = left + (right - left) * (epoch - low) / (high - low);
    const cursor = chart.querySelector(".cursor");
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.classList.add("on");
  };
  const show = () => {
    const epoch = Number(slider.value);
    const row = rows.find((one) => Number(one.dataset.epoch) === epoch);
    output.value = row ? row.dataset.label : "Epoch " + epoch;
    slider.setAttribute("aria-valuetext", output.value);
    back.disabled = epoch <= Number(slider.min);
    forth.disabled = epoch >= Number(slider.max);
    for (const one of rows) turn(one, one === row);
    for (const {said, lines} of cards) {
      const line = lines.find((one) =>
        Number(one.dataset.from) <= epoch && epoch <= Number(one.dataset.to));
      for (const one of lines) turn(one, one === line);
      said.textContent = line ? line.querySelector("bdi").textContent : "\u2013";
    }
  };
  const step = (distance) => {
    slider.value = Number(slider.value) + distance;
    slider.dispatchEvent(new Event("input"));
  };
  slider.addEventListener("input", () => {
    show();
    for (const chart of charts) point(chart, Number(slider.value));
  });
  back.addEventListener("click", () => step(-1));
  forth.addEventListener("click", () => step(1));
  slider.value = slider.defaultValue; /* not what the browser remembers of an earlier page */
  show();
  stepper.hidden = false;
})();
