// Prepares pictures with the web page's own code: node resize.mjs FOLDER
// FOLDER holds cases.json (height, width, rule) and images.bin (uint8 RGB, one after another); prepared.bin is written.
import { readFile, writeFile } from 'node:fs/promises';
import { prepared } from '../../evergreen/reports/browser/web/resize.js';

const folder = process.argv[2];
const cases = JSON.parse(await readFile(`${folder}/cases.json`, 'utf8'));
const images = new Uint8Array(await readFile(`${folder}/images.bin`));
const out = [];
let at = 0;
for (const { height, width, rule } of cases) {
  const size = height * width * 3;
  out.push(prepared({ height, width, pixels: images.subarray(at, at + size) }, rule));
  at += size;
}
await writeFile(`${folder}/prepared.bin`, Buffer.concat(out));
