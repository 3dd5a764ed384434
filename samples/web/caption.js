/* A photo goes in, a sentence comes out; in a browser on a worker of its own, in Node at once. See caption.d.ts. */
import {Engine} from "./engine.js";

const bytesOf = async (photo) => photo instanceof Uint8Array ? photo :
  new Uint8Array(photo instanceof ArrayBuffer ? photo : await photo.arrayBuffer());

/* Calls a worker. What it cannot do is an error of the call. */
class Remote {
  #worker = new Worker(new URL("./worker.js", import.meta.url), {type: "module"});
  #calls = new Map();
  #next = 0;

  constructor() {
    this.#worker.addEventListener("message", ({data: {id, value, error, progress}}) => {
      const call = this.#calls.get(id);
      if (progress) return call.progress?.(...progress);
      this.#calls.delete(id);
      if (error === undefined) call.resolve(value);
      else call.reject(new Error(error));
    });
    this.#worker.addEventListener("error", (event) => {
      for (const call of this.#calls.values())
        call.reject(new Error("the worker cannot run: " + (event.message || "its script cannot be loaded")));
      this.#calls.clear();
    });
  }

  call(call, argument, progress) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, {resolve, reject, progress});
      this.#worker.postMessage({id, call, argument});
    });
  }

  close() {
    this.#worker.terminate();
    for (const call of this.#calls.values()) call.reject(new Error("the captioner was closed"));
    this.#calls.clear();
  }
}

export class Captioner {
  #caption;
  #close;
  threads;

  static async load({progress, ...options} = {}) {
    const captioner = new Captioner();
    if (typeof Worker !== "function") {
      const engine = await Engine.open({...options, progress});
      captioner.threads = engine.threads;
      captioner.#caption = (bytes) => engine.caption(bytes);
      captioner.#close = () => engine.close();
      return captioner;
    }
    const remote = new Remote();
    try {
      captioner.threads = await remote.call("open", options, progress);
    } catch (error) {
      remote.close();
      throw error;
    }
    captioner.#caption = (bytes) => remote.call("caption", bytes);
    captioner.#close = () => remote.close();
    return captioner;
  }

  async caption(photo) {
    return this.#caption(await bytesOf(photo));
  }

  close() {
    this.#close();
  }
}
