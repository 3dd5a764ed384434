/* Shows what dropped photos show. Captions are text: nothing that a file's name says becomes markup. */
import {Captioner} from "./caption.js";

const CAPTIONS = 5, TAGS = 8;
const find = (id) => document.getElementById(id);
const drop = find("drop"), list = find("photos");
let asked = 0, done = 0, failed = 0;

const say = (text) => {
  find("status").textContent = text;
};

const megabytes = (count) => (count / 1e6).toFixed(1) + " MB";
const percent = (share) => share >= 0.001 ? (100 * share).toFixed(share >= 0.1 ? 0 : 1) + " %" : "below 0.1 %";

const tell = () => say(done + failed < asked ? done + failed + " of " + asked + " photos …" :
  done + " captioned" + (failed ? ", " + failed + " failed" : ""));

/* As many threads as there may be, unless ?threads=N says otherwise. */
const loading = Captioner.load({
  threads: Number(new URLSearchParams(location.search).get("threads")) || navigator.hardwareConcurrency || 1,
  top: CAPTIONS,
  tags: TAGS,
  progress: (count, total) => say("The weights are being loaded, once: " + megabytes(count) +
    (total >= count ? " of " + megabytes(total) : "")),
});
const shared = (threads) => threads > 1 ? threads + " threads." : "One thread" + (crossOriginIsolated ? "." :
  ": this page is not isolated, which more would need. The next visit is.");
loading.then(
  (captioner) => {
    find("threads").textContent = shared(captioner.threads);
    if (asked) tell();
    else say("Ready.");
  },
  (error) => say("The captioner cannot be loaded: " + error.message));

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied: " + text);
  } catch (error) {
    say("Nothing was copied: " + error.message);
  }
};

const show = (card, {captions, tags}, seconds) => {
  const [best, ...others] = captions;
  const set = (name, text) => {
    card.querySelector(name).textContent = text;
  };
  card.dataset.seconds = seconds;
  set(".said", best.text);
  card.querySelector("img")?.setAttribute("alt", best.text);
  set(".sure", [best.confidence === undefined ? "" : percent(best.confidence) + " sure", tags.map((tag) => tag.name).join(", ")]
    .filter(Boolean).join(" · "));
  card.querySelector(".copy").hidden = false;
  card.querySelector(".copy button").addEventListener("click", () => copy(best.text));
  for (const other of others) {
    const item = document.createElement("li"), share = document.createElement("small");
    share.textContent = " " + percent(Math.exp(other.logprob));
    item.append(other.text, share);
    card.querySelector("ol").append(item);
  }
  card.querySelector("details").hidden = others.length === 0;
};

const ask = async (file, card) => {
  const start = performance.now();
  try {
    const answer = await (await loading).caption(file);
    show(card, answer, ((performance.now() - start) / 1000).toFixed(3));
    done++;
  } catch (error) {
    card.classList.add("failed");
    card.querySelector(".said").textContent = error.message;
    failed++;
  }
  tell();
};

const add = (files) => {
  for (const file of files) {
    const card = find("card").content.firstElementChild.cloneNode(true);
    const image = card.querySelector("img");
    image.src = URL.createObjectURL(file);
    image.addEventListener("error", () => image.remove()); /* of a kind that the browser does not know */
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    card.querySelector(".said").textContent = "…";
    card.querySelector(".name").textContent = file.name || "photo";
    list.prepend(card);
    asked++;
    ask(file, card);
  }
};

acceptPhotos(drop, find("files"), add);

/* The next visit needs no network, and may have threads. */
navigator.serviceWorker?.register("service.js", {type: "module"}).catch(() => {});
