export interface Options {
  /** Threads, at most 4. More than 1 need a page that is isolated (crossOriginIsolated). The default: 1. */
  threads?: number;
  /** Captions per photo, best first. The default: 1. */
  top?: number;
  /** Tags per photo at most. The default: none. */
  tags?: number;
  /** A person's gender and age group are left out of the captions. */
  neutral?: boolean;
  /** Another model file (.safetensors); the default is the package's own. It is fetched once, then kept by the browser. */
  weights?: string | URL;
  /** Hears how many bytes of the weights have come, and how many will (0: unknown). */
  progress?: (count: number, total: number) => void;
}

export interface Result {
  captions: {
    text: string;
    /** Natural logarithm of the caption's probability. */
    logprob: number;
    /** From 0 to 1, how probable it is that the caption is apt; undefined where the model does not tell. */
    confidence?: number;
  }[];
  tags: { name: string; confidence: number }[];
}

export class Captioner {
  /** Loads the program and its weights. Rejects with a message where that fails. */
  static load(options?: Options): Promise<Captioner>;
  /** The captions of a photo, given as its file (JPEG, PNG, GIF, WebP, BMP): nothing is sent anywhere. Rejects with a
   * message where it cannot be read. Calls may overlap; they are answered in order. */
  caption(photo: Blob | ArrayBuffer | Uint8Array): Promise<Result>;
  /** Threads that are used. */
  readonly threads: number;
  /** Gives its memory back. */
  close(): void;
}
