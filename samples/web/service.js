/* The page without a network: its files come from the browser's cache.
 * Answers say that the page is isolated, which gives it threads, also where its server does not say so. */
import {version, files} from "./version.js";

const NAME = "caption-page-" + version;

addEventListener("install", (event) => event.waitUntil(
  caches.open(NAME).then((cache) => cache.addAll(files)).then(() => skipWaiting())));

addEventListener("activate", (event) => event.waitUntil(caches.keys().then((names) => Promise.all(
  names.filter((name) => name.startsWith("caption-page-") && name !== NAME).map((name) => caches.delete(name))))
  .then(() => clients.claim())));

const isolated = (response) => {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, {status: response.status, statusText: response.statusText, headers});
};

addEventListener("fetch", (event) => {
  const {request} = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(caches.open(NAME).then(async (cache) => isolated(
    await cache.match(request, {ignoreSearch: request.mode === "navigate"}) ?? await fetch(request))));
});
