/* The WebAssembly module and its weights, for the thread that it runs on: a worker of caption.js, or Node. */
import {weights} from "./version.js";

const NODE = typeof process === "object" && process.versions?.node && typeof importScripts !== "function";

export const here = (name) => new URL(name, import.meta.url);

const readFile = async (url) => (await import("node:fs/promises")).readFile(new URL(url.pathname, url));

/* A file of the package. */
const fetchFile = async (url) => {
  if (NODE && url.protocol === "file:") return readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(url.pathname + " cannot be fetched: " + response.status);
  return new Uint8Array(await response.arrayBuffer());
};

/* Bytes of a URL. Where the browser lets, they are kept in its cache under that URL, and fetched only once. `progress`
 * hears the bytes that have come and those that will. */
const fetchOnce = async (url, progress) => {
  if (NODE && url.protocol === "file:") return readFile(url);
  const cache = typeof caches === "object" ? await caches.open("caption-weights").catch(() => null) : null;
  const kept = await cache?.match(url);
  if (kept) return new Uint8Array(await kept.arrayBuffer());
  const response = await fetch(url);
  if (!response.ok) throw new Error("the weights (" + url.pathname + ") cannot be fetched: " + response.status);
  const total = Number(response.headers.get("Content-Length"));
  const parts = [];
  let count = 0;
  for (let reader = response.body.getReader(), part; !(part = await reader.read()).done;) {
    parts.push(part.value);
    count += part.value.length;
    progress?.(count, total);
  }
  const bytes = new Uint8Array(count);
  count = 0;
  for (const part of parts) {
    bytes.set(part, count);
    count += part.length;
  }
  if (cache) forget(cache, url).then(() => cache.put(url, new Response(bytes))).catch(() => {}); /* nothing waits for it */
  return bytes;
};

const isPacked = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/* What gzip has packed; other bytes stay as they are: some servers have it unpacked on the way. */
const unpack = async (bytes) => !isPacked(bytes) ? bytes : new Uint8Array(await new Response(
  new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());

/* All 16-bit numbers times 2^shift, where those that were denormal are exact again. */
const multiplied = (shift) => {
  const table = new Uint16Array(1 << 16);
  for (let code = 0; code < 1 << 16; code++) {
    let digits = code & 0x7fff, exponent = shift;
    for (; exponent > 0 && digits < 0x400; exponent--) digits *= 2;
    table[code] = code & 0x8000 | digits + exponent * 0x400;
  }
  return table;
};

/* Numbers `begin` to `end` from their first bytes and their second ones. */
const join = (numbers, first, second, table, begin, end) => {
  for (let i = begin; i < end; i++) numbers[i] = table[first[i] | second[i] << 8];
};

/* The package's own weights, as src/package/captions_only.py packs them: the first bytes of all numbers of two bytes
 * stand before the second ones, and the numbers of each tensor were divided by a power of two. */
const unpackWeights = async (bytes) => {
  const apart = await unpack(bytes);
  const start = 8 + Number(new DataView(apart.buffer).getBigUint64(0, true)), count = (apart.length - start) >> 1;
  const {__metadata__: {shifts}, ...tensors} = JSON.parse(new TextDecoder().decode(apart.subarray(8, start)));
  const ends = Object.values(tensors).map((tensor) => tensor.data_offsets[1] >> 1).sort((a, b) => a - b);
  const tables = new Map(shifts.split(" ").map((shift) => [shift, multiplied(Number(shift))]));
  const model = new Uint8Array(apart.length), numbers = new Uint16Array(model.buffer, start, count);
  const first = apart.subarray(start, start + count), second = apart.subarray(start + count);
  model.set(apart.subarray(0, start));
  shifts.split(" ").forEach((shift, t) => join(numbers, first, second, tables.get(shift), ends[t - 1] ?? 0, ends[t]));
  return model;
};

/* Weights of earlier versions go. */
const forget = async (cache, url) => {
  for (const old of await cache.keys())
    if (new URL(old.url).pathname === url.pathname) await cache.delete(old);
};

/* Threads need a module of their own, and memory that they share, which a browser gives to isolated pages alone. */
export const mostThreads = () => NODE || !globalThis.crossOriginIsolated ? 1 :
  Math.min(navigator.hardwareConcurrency || 1, 4);

export class Engine {
  /* Options: those of Captioner.load in caption.d.ts. */
  static async open({threads = 1, top = 1, tags = 0, neutral = false, weights: other, progress} = {}) {
    threads = Math.max(1, Math.min(threads, mostThreads()));
    const name = threads > 1 ? "./caption-threads" : "./caption-simd";
    const module = Promise.all([import(name + ".mjs"), fetchFile(here(name + ".wasm.gz")).then(unpack)])
      .then(([{default: create}, wasmBinary]) => create({threads, wasmBinary, print() {}, printErr() {}}));
    const model = other ? fetchOnce(new URL(other, here("./")), progress) : fetchOnce(here(weights), progress).then(unpackWeights);
    const [m, bytes] = await Promise.all([module, model]);
    const engine = new Engine(m, threads);
    m.FS.writeFile("/caption.safetensors", bytes);
    const path = engine.#place(new TextEncoder().encode("/caption.safetensors\0"));
    engine.#check(m._web_open(engine.web, path));
    m._free(path);
    m.FS.unlink("/caption.safetensors");
    engine.#check(m._web_prepare(engine.web, threads, top, tags, neutral));
    engine.#check(m._web_begin(engine.web));
    return engine;
  }

  constructor(module, threads) {
    this.module = module;
    this.threads = threads;
    this.web = module._web_new();
    if (!this.web) throw new Error("not enough memory");
  }

  /* Bytes in the module's memory; the caller frees them. */
  #place(bytes) {
    const m = this.module;
    const at = m._malloc(bytes.length || 1);
    if (!at) throw new Error("not enough memory for " + bytes.length + " bytes");
    m.UTF8ToString(at, 1); /* renews HEAPU8, should another thread have let the memory grow */
    m.HEAPU8.set(bytes, at);
    return at;
  }

  #check(ok) {
    if (!ok) throw new Error(this.module.UTF8ToString(this.module._web_error(this.web)));
  }

  /* The captions of the bytes of a photo's file. */
  caption(bytes) {
    const m = this.module, web = this.web;
    const at = this.#place(bytes);
    const count = m._web_caption(web, at, bytes.length);
    m._free(at);
    this.#check(count);
    const sure = (confidence) => Number.isNaN(confidence) ? undefined : confidence;
    return {
      captions: Array.from({length: count}, (_, i) => ({
        text: m.UTF8ToString(m._web_text(web, i)),
        logprob: m._web_logprob(web, i),
        confidence: sure(m._web_confidence(web, i)),
      })),
      tags: Array.from({length: m._web_tags(web)}, (_, i) => ({
        name: m.UTF8ToString(m._web_tag(web, i)),
        confidence: m._web_tag_confidence(web, i),
      })),
    };
  }

  close() {
    this.module._web_free(this.web);
    this.web = 0;
  }
}
