/* Photos that are dropped on a page, pasted into it, or chosen: add(files) takes them. `drop` is the
 * element that shows where, `input` the field of files. */
"use strict";
const acceptPhotos = (drop, input, add) => {
  const isFile = (event) => [...event.dataTransfer.types].includes("Files");
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    add(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData.files.length > 0) add(event.clipboardData.files); /* not text, pasted into a field */
  });
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
};
