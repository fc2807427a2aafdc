// What the pages that browser.py serves share: the images come from it, and what the model answers is posted to it.
import { answers } from './answers.mjs';

/** The browser has not what the runtime needs. */
export class Absent extends Error {}

/** Fetches a file, or throws what the server said. */
export async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

const post = (name, body) => fetch(`/exchange/${name}`, { method: 'POST', body });

/** Starts a runtime, shows the images to the model that the `open` it gives loads, and posts the answers. */
export async function exchange(start) {
  try {
    const open = await start();
    const shape = await (await fetched('/exchange/shape.json')).json();
    const pixels = new Uint8Array(await (await fetched('/exchange/images.bin')).arrayBuffer());
    const { scores, told } = await answers(open, pixels, shape);
    await post('scores.bin', scores.buffer);
    await post('answers.json', JSON.stringify(told));
  } catch (error) {
    if (error instanceof Absent) await post('absent.txt', error.message);
    else await post('error.txt', String(error.stack || error));
  }
}
