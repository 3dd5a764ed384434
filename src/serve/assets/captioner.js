/* Sends photos to the server that the page came from, and shows what they show. Captions are text:
 * nothing that the server or a file's name says becomes markup. */
"use strict";
(() => {
  const AT_ONCE = 4, CAPTIONS = 5, TAGS = 8;
  const find = (id) => document.getElementById(id);
  const drop = find("drop"), list = find("photos"), status = find("status");
  const rows = [], waiting = [];
  let running = 0, tags = TAGS; // 0: the model has none

  const percent = (share) => {
    const number = 100 * share;
    return (number >= 10 ? number.toFixed(0) : number >= 0.1 ? number.toFixed(1) : "below 0.1") + " %";
  };

  /* What was written for a photo counts before its caption. */
  const written = (row) => row.field.value.trim();
  const sentence = (row) => written(row) || row.caption;
  /* A name as an address: in it #, ?, %, : and others mean something. */
  const link = (name) => encodeURIComponent(name).replace(/[()']/g, (c) => "%" + c.charCodeAt(0).toString(16));
  const forms = {
    text: (row) => sentence(row),
    html: (row) => '<img src="' + link(row.name) + '" alt="' + escapeHtml(sentence(row)) + '">',
    markdown: (row) => "![" + sentence(row).replace(/[<>&|~${}\\`*_[\]!]/g, (c) =>
      "<>&|~${}".includes(c) ? "&#" + c.charCodeAt(0) + ";" : "\\" + c) + "](" + link(row.name) + ")",
  };
  const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) =>
    ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[c]);

  const say = (text) => {
    status.textContent = text;
  };
  const tell = () => {
    const done = rows.filter((row) => row.caption !== undefined).length;
    const failed = rows.filter((row) => row.error !== undefined).length;
    say(done + failed < rows.length ? done + failed + " of " + rows.length + " photos …" :
      done + " captioned" + (failed ? ", " + failed + " failed" : ""));
    find("all").hidden = done === 0;
  };

  /* The clipboard's own interface is there on safe pages alone. */
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea"), focused = document.activeElement;
      field.value = text;
      document.body.append(field);
      field.select();
      const copied = document.execCommand("copy");
      field.remove();
      focused.focus();
      if (!copied) return say("Nothing was copied: the browser does not allow it");
    }
    say("Copied: " + text);
  };

  const show = (row, answer) => {
    const card = row.card;
    row.caption = answer.caption;
    row.answer = answer;
    card.querySelector(".said").textContent = answer.caption || "(not sure enough)";
    row.image.alt = answer.caption;
    if (answer.confidence !== undefined)
      card.querySelector(".sure").textContent = percent(answer.confidence) + " sure" +
        (answer.tags && answer.tags.length ? " · " + answer.tags.map((tag) => tag.name).join(", ") : "");
    card.querySelector(".copy").hidden = false;
    const others = card.querySelector("ol");
    for (const other of answer.captions || []) {
      const item = document.createElement("li"), share = document.createElement("small");
      share.textContent = " " + percent(Math.exp(other.logprob));
      item.append(other.caption, share);
      others.append(item);
    }
    card.querySelector("details").hidden = others.childElementCount === 0;
  };

  const fail = (row, message) => {
    row.error = message;
    row.card.classList.add("failed");
    row.card.querySelector(".said").textContent = message;
  };

  const wait = (row) => {
    row.error = undefined;
    row.card.classList.remove("failed");
    row.card.querySelector(".said").textContent = "…";
    waiting.push(row);
  };

  /* Headers are bytes: those of UTF-8, as the server's --token has. */
  const access = () => {
    const token = String.fromCharCode(...new TextEncoder().encode(find("token").value));
    return token ? {Authorization: "Bearer " + token} : {};
  };

  /* A proxy before the server may answer in its place, and not as the server does. */
  const answerOf = async (response) => {
    const text = await response.text();
    try {
      const answer = JSON.parse(text);
      if (response.ok || answer.error) return answer;
    } catch {} /* no JSON */
    throw new Error(("not the server but a proxy answers: HTTP status " + response.status + " " + response.statusText).trim());
  };

  /* Browsers say the same of a file that they cannot read and of a server that is gone. */
  const explain = (file, error) => !(error instanceof TypeError) ? error.message :
    file.slice(0, 1).arrayBuffer().then(() => "the server does not answer: " + error.message,
      () => "cannot be read: expected a photo, found a folder, or a file that has changed since");

  /* The words that may follow a text, about a photo (its bytes or its name on the server) or none. */
  const suggestions = async (text, photo, signal) => {
    const isName = typeof photo === "string";
    const response = await fetch("suggest?text=" + encodeURIComponent(text) + (isName ? "&photo=" + photo : ""),
      {method: "POST", body: isName ? null : photo, headers: access(), signal});
    const answer = await answerOf(response);
    if (response.ok) return answer;
    if (response.status === 401) find("token-field").hidden = false;
    throw Object.assign(new Error(answer.error), {status: response.status});
  };

  /* The photo is sent once, when its field is first entered; then the server knows it by a name, until it
   * has seen many others. */
  const aboutPhoto = (row) => async (text, signal) => {
    const send = () => {
      row.sent = suggestions("", row.file).then((answer) => answer.photo);
      row.sent.catch(() => { row.sent = null; });
    };
    if (!row.sent) send();
    try {
      return await suggestions(text, await row.sent, signal);
    } catch (error) {
      if (error.status !== 404) throw error;
      send();
      return suggestions(text, await row.sent, signal);
    }
  };

  const addField = (place, label, words) => {
    const box = find("writing").content.firstElementChild.cloneNode(true);
    place.append(box);
    return suggestWords(box, label, words);
  };
  addField(find("plain"), "A sentence", (text, signal) => suggestions(text, null, signal));

  const ask = async (row) => {
    const form = new FormData();
    form.append("photo", row.file, row.name);
    const query = "caption?top=" + CAPTIONS + (find("neutral").checked ? "&neutral=1" : "");
    for (;;) {
      const wanted = tags; // an upload beside this one may learn it meanwhile
      const headers = access();
      const response = await fetch(query + (wanted ? "&tags=" + wanted : ""), {method: "POST", body: form, headers});
      if (response.status === 503) {
        await new Promise((done) => setTimeout(done, 1000 * (response.headers.get("Retry-After") || 1)));
        continue;
      }
      const answer = await answerOf(response);
      if (response.ok) return show(row, answer);
      row.refused = response.status === 401;
      if (row.refused) {
        if (headers.Authorization !== access().Authorization) continue;
        find("token-field").hidden = false;
        return fail(row, "the server asks for its token: enter it above");
      }
      if (!wanted || !/^the model has no tags/.test(answer.error)) return fail(row, answer.error);
      tags = 0;
    }
  };

  const work = () => {
    while (running < AT_ONCE && waiting.length > 0) {
      const row = waiting.shift();
      running++;
      ask(row).catch(async (error) => fail(row, await explain(row.file, error))).finally(() => {
        running--;
        tell();
        work();
      });
    }
  };

  const add = (files) => {
    for (const file of files) {
      const card = find("card").content.firstElementChild.cloneNode(true);
      const image = card.querySelector("img");
      const row = {file, name: file.name || "photo.png", card, image};
      image.src = URL.createObjectURL(file);
      image.addEventListener("error", () => image.remove()); /* of a kind that the browser does not know */
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
      row.field = addField(card.querySelector(".text"), "In your own words", aboutPhoto(row));
      card.querySelector(".name").textContent = row.name;
      for (const button of card.querySelectorAll("[data-copy]"))
        button.addEventListener("click", () => copy(forms[button.dataset.copy](row)));
      list.prepend(card);
      rows.push(row);
      wait(row);
    }
    tell();
    work();
  };

  acceptPhotos(drop, find("files"), add);
  find("token").addEventListener("change", () => {
    for (const row of rows.filter((one) => one.refused && one.error !== undefined)) wait(row);
    tell();
    work();
  });
  find("ask").addEventListener("submit", (event) => event.preventDefault());

  /* The camera: browsers show it to pages of this machine and of https alone. */
  const viewfinder = find("viewfinder"), video = viewfinder.querySelector("video");
  const look = (stream) => {
    for (const track of video.srcObject ? video.srcObject.getTracks() : []) track.stop();
    video.srcObject = stream;
    viewfinder.hidden = !stream;
  };
  const close = () => {
    look(null);
    find("camera").focus();
  };
  find("camera").hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
  find("camera").addEventListener("click", async () => {
    try {
      look(await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}}));
      find("take").focus();
    } catch (error) {
      say("The camera cannot be used: " + error.message);
    }
  });
  find("close").addEventListener("click", close);
  find("take").addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      if (blob) add([new File([blob], "camera-" + (rows.length + 1) + ".jpg", {type: "image/jpeg"})]);
    }, "image/jpeg", 0.92);
    close();
  });

  /* A field that a spreadsheet would take for a formula gets a ' before it. */
  const field = (text) => {
    const safe = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? "'" + text : text;
    return /[",;\t\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  const files = {
    txt: ["captions.txt", "text/plain", (done) => done.map((row) => row.name + "\t" + sentence(row) + "\n").join("")],
    csv: ["captions.csv", "text/csv", (done) => "path,caption,logprob\r\n" + done.map((row) =>
      field(row.name) + "," + field(sentence(row)) + "," + (written(row) ? "" : row.answer.logprob) + "\r\n").join("")],
    json: ["captions.json", "application/json", (done) => JSON.stringify(done.map((row) =>
      ({path: row.name, ...row.answer, ...(written(row) ? {written: written(row)} : {})})), null, 1) + "\n"],
  };
  for (const button of document.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => {
      const [name, type, write] = files[button.dataset.download];
      const link = document.createElement("a");
      link.download = name;
      link.href = URL.createObjectURL(new Blob(
        [write(rows.filter((row) => row.caption !== undefined))], {type}));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
})();
