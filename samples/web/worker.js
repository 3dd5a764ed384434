/* Captions off the page's own thread: answers messages of caption.js, one after the other. */
import {Engine} from "./engine.js";

let engine;
const work = {
  open: async (options, progress) => {
    engine = await Engine.open({...options, progress});
    return engine.threads;
  },
  caption: (bytes) => engine.caption(bytes),
};

let before = Promise.resolve();
addEventListener("message", ({data: {id, call, argument}}) => {
  const progress = (count, total) => postMessage({id, progress: [count, total]});
  before = before.then(async () => {
    try {
      postMessage({id, value: await work[call](argument, progress)});
    } catch (error) {
      postMessage({id, error: error.message ?? String(error)});
    }
  });
});
