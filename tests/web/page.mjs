/* page.mjs FOLDER CAPTIONS PHOTO...: the page in FOLDER in a headless Chromium: from a server that does not isolate it (one
 * thread, and more with the next visit), without a server, and from samples/web/serve.py with one thread and with two.
 * Photos are dropped on it, the first one as soon as the page is there: it waits for the program and the weights, too.
 * Their captions are those of the file CAPTIONS, a line each. Prints times, and fails where a caption differs, the first
 * comes later than 3 s after the drop, or something is asked of another server. */
import {spawn} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {createServer} from "node:http";
import {tmpdir} from "node:os";
import {basename, extname, join, resolve} from "node:path";
import {createInterface} from "node:readline";
import {fileURLToPath} from "node:url";

const [folder, said, ...photos] = process.argv.slice(2);
const expected = readFileSync(said, "utf8").trimEnd().split("\n").map((line) => line.split("\t")[1]);
let failed = false;
const check = (ok, what) => {
  console.log((ok ? "ok: " : "FAIL: ") + what);
  failed ||= !ok;
};

const types = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
  ".wasm": "application/wasm"};
const asked = [];
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  asked.push(request.method + " " + path);
  const file = join(folder, path === "/" ? "index.html" : basename(path));
  try {
    const bytes = readFileSync(file);
    response.writeHead(200, {"Content-Type": types[extname(file)] ?? "application/octet-stream", "Content-Length": bytes.length});
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const plain = "http://127.0.0.1:" + server.address().port + "/";

/* The same from a server that isolates the page. */
const isolating = spawn("python3", [fileURLToPath(new URL("../../samples/web/serve.py", import.meta.url)), folder, "0"],
  {stdio: ["ignore", "pipe", "ignore"]});
const isolated = await new Promise((done) => createInterface(isolating.stdout).once("line", done));

/* Chromium over two pipes: messages that end with a 0 byte. */
const profile = mkdtempSync(join(tmpdir(), "caption-page-"));
const browser = spawn("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,1000",
  "--user-data-dir=" + profile, "--remote-debugging-pipe"], {stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"]});
const calls = new Map();
const foreign = [];
let next = 1, session, rest = "";
browser.stdio[4].on("data", (data) => {
  const texts = (rest + data).split("\0");
  rest = texts.pop();
  for (const text of texts) {
    const message = JSON.parse(text);
    if (message.method === "Network.requestWillBeSent" && /^(https?|wss?):/.test(message.params.request.url) &&
        ![plain, isolated].some((own) => message.params.request.url.startsWith(own))) foreign.push(message.params.request.url);
    if (message.method === "Log.entryAdded") console.log("browser: " + message.params.entry.text);
    const call = calls.get(message.id);
    calls.delete(message.id);
    if (message.error) call?.reject(new Error(message.error.message));
    else call?.resolve(message.result);
  }
});
const call = (method, params = {}) => new Promise((resolve, reject) => {
  calls.set(next, {resolve, reject});
  browser.stdio[3].write(JSON.stringify({id: next++, sessionId: session, method, params}) + "\0");
});
const evaluate = async (expression) => {
  const {result, exceptionDetails} = await call("Runtime.evaluate", {expression, awaitPromise: true, returnByValue: true});
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  return result.value;
};
const until = async (expression) => {
  for (const start = Date.now(); !(await evaluate(expression)); await new Promise((done) => setTimeout(done, 50)))
    if (Date.now() - start > 120000) throw new Error("two minutes passed: " + expression + ": " +
      await evaluate("document.body.innerText"));
};

/* Drops all photos on the page, which says `threads`: whether it is isolated. */
const visit = async (name, address, threads) => {
  await call("Page.navigate", {url: address});
  await until("document.readyState === 'complete' && location.href === " + JSON.stringify(address) +
    " && document.getElementById('status')");
  const said = [], seconds = [];
  for (const photo of photos) {
    const data = {items: [], files: [resolve(photo)], dragOperationsMask: 1};
    for (const type of ["dragEnter", "dragOver", "drop"]) await call("Input.dispatchDragEvent", {type, x: 640, y: 250, data});
    await until("!document.querySelector('.said')?.textContent.startsWith('…') && " +
      "document.querySelectorAll('#photos>li').length === " + (said.length + 1));
    said.push(await evaluate("document.querySelector('.said').textContent"));
    seconds.push(Number(await evaluate("document.querySelector('#photos>li').dataset.seconds")));
  }
  said.forEach((text, i) => text === expected[i] || console.log(photos[i] + ": " + text + ", expected: " + expected[i]));
  check(said.every((text, i) => text === expected[i]), name + ": " + said.length + " captions are those of the program");
  const sorted = seconds.slice(1).sort((a, b) => a - b);
  console.log(name + ": first caption after " + seconds[0] + " s, then a median of " + sorted[sorted.length >> 1] + " s");
  check(seconds[0] < 3, name + ": the first caption comes within 3 s");
  const found = await evaluate("document.getElementById('threads').textContent");
  check(found.startsWith(threads), name + ": " + found);
  return evaluate("crossOriginIsolated");
};

session = undefined;
const {targetId} = await call("Target.createTarget", {url: "about:blank"});
({sessionId: session} = await call("Target.attachToTarget", {targetId, flatten: true}));
for (const domain of ["Page", "Runtime", "Log", "Network"]) await call(domain + ".enable");

try {
  check(!(await visit("first visit", plain, "One thread: this page is not isolated")), "the first visit is not isolated");
  await until("navigator.serviceWorker.ready.then(() => true)");
  await until("caches.keys().then((names) => names.some((name) => name.startsWith('caption-page-')))");
  await until("caches.open('caption-weights').then((cache) => cache.keys()).then((kept) => kept.length === 1)");
  const weights = asked.filter((line) => line.includes("caption.packed")).length;
  check(weights === 1, "the weights are fetched once: " + weights);
  server.close();
  server.closeAllConnections();
  check(await visit("no server", plain, "2 threads"), "the visit without a server is isolated");
  check(await visit("isolated by its server", isolated, "2 threads"), "a server's first visit is isolated");
  await visit("one thread", isolated + "?threads=1", "One thread.");
  await visit("two threads", isolated + "?threads=2", "2 threads");
  check(foreign.length === 0, "nothing is asked of another server " + foreign.join(" "));
  check(asked.every((line) => line.startsWith("GET ")), "nothing is sent");
} catch (error) {
  check(false, error.message);
}
isolating.kill();
session = undefined;
await call("Browser.close").catch(() => {});
await new Promise((done) => browser.on("exit", done));
rmSync(profile, {recursive: true, force: true});
process.exit(failed ? 1 : 0);
