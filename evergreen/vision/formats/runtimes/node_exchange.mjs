// What the scripts under Node share: the images come from a folder, and what the model answers goes into it.
// What the folder holds and gets is described in process.py.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { answers } from './answers.mjs';

/** Shows the folder's images to the model that `open` loads, as answers.mjs takes it, and writes the answers. */
export async function exchange(folder, open) {
  const shape = JSON.parse(await readFile(path.join(folder, 'shape.json'), 'utf8'));
  const { scores, told } = await answers(open, await readFile(path.join(folder, 'images.bin')), shape);
  await writeFile(path.join(folder, 'scores.bin'), Buffer.from(scores.buffer));
  await writeFile(path.join(folder, 'answers.json'), JSON.stringify(told));
}
