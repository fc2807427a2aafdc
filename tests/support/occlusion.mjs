// Asks the web page's occlusion.js: node occlusion.mjs FILE, where FILE is a JSON list of [function, ...arguments].
// Arrays of numbers that stand for pixels come as {"pixels": [...]}. Prints a JSON list of what the functions gave.
import { readFile } from 'node:fs/promises';
import * as occlusion from '../../evergreen/reports/browser/web/occlusion.js';
import { prepared } from '../../evergreen/reports/browser/web/resize.js';

const known = { ...occlusion, whitened };

/** A white picture as the network gets it: which of its pixels are the picture's. */
function whitened({ height, width }, rule) {
  return prepared({ height, width, pixels: new Uint8Array(height * width * 3).fill(255) }, rule);
}

const given = (value) => (value?.pixels ? Uint8Array.from(value.pixels) : value);
const told = (value) => (ArrayBuffer.isView(value) ? [...value] : value);
const calls = JSON.parse(await readFile(process.argv[2], 'utf8'));
console.log(JSON.stringify(calls.map(([name, ...values]) => told(known[name](...values.map(given))))));
