/* project.ts PHOTO...: a project that has the package for npm, for tsc and for Node: a line each as the program prints it. */
import {readFile} from "node:fs/promises";
import {Captioner, type Options, type Result} from "caption-photos";

const options: Options = {tags: 3, progress: (count: number, total: number) => console.error(count, total)};
const captioner = await Captioner.load(options);
const threads: number = captioner.threads;
if (threads !== 1) throw new Error(`${threads} threads in Node`);
for (const photo of process.argv.slice(2)) {
  const {captions: [best], tags}: Result = await captioner.caption(await readFile(photo));
  const sure: number | undefined = best.confidence;
  if (sure === undefined || tags.some(({name, confidence}) => !name || confidence > 1)) throw new Error("no confidence");
  console.log(`${photo}\t${best.text}`);
}
// @ts-expect-error: a name is no photo
const refused = await captioner.caption("dog.jpg").then(() => false, () => true);
if (!refused) throw new Error("a name was captioned");
captioner.close();
