/* captions.mjs FOLDER PHOTO...: what the package for npm, in FOLDER, says of photos, a line each as the program does. */
import {readFile} from "node:fs/promises";
import {pathToFileURL} from "node:url";

const [folder, ...photos] = process.argv.slice(2);
const {Captioner} = await import(pathToFileURL(folder + "/caption.js"));
const captioner = await Captioner.load();
for (const photo of photos) {
  const {captions} = await captioner.caption(await readFile(photo));
  console.log(photo + "\t" + captions[0].text);
}
captioner.close();
