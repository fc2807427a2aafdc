// Which places of a picture an answer hangs on: each is hidden in turn, and the drop of a class's probability is its heat.
// Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 4.2. Nothing of a page in here.
import { CHANNELS } from './numbers.js';
import { scaled } from './resize.js';

/** How many patches lie beside each other along the longer side: first a quarter is hidden, and if that is nothing, half. */
export const ACROSS = [4, 2];
// How far patches are moved, as a share of their length (1 / finer), and whether they hang over the edges too: 16, 49, 81,
// 289 and 1,089 places of a square, all in all.
const GRIDS = [[1, false], [2, false], [2, true], [4, true], [8, true]];
const LEAST = 0.05; // a change of probability below which a place does not matter,
const LEAST_EVER = 0.01; // less where the probability itself is small; 8 bits answer in steps of 0.004
const DROP = [213, 94, 0]; // Okabe & Ito's vermilion and blue, which the colour-blind tell apart,
const RISE = [0, 114, 178]; // https://jfly.uni-koeln.de/color/
const DENSEST = 0.85; // of a colour, so that the picture stays behind it

/**
 * Where in the network's input the picture lies; what pad puts around it is no place of the picture.
 * @param {{height: number, width: number}} picture as it was given.
 * @param {{height: number, width: number, resize: string}} rule as `image` in the recipe.
 * @returns {{top: number, left: number, height: number, width: number, ratio: number}} in pixels of the input; ratio is
 *   the width by the height of what is seen there, as it was in the picture.
 */
export function seenPart(picture, rule) {
  const whole = { top: 0, left: 0, height: rule.height, width: rule.width };
  if (rule.resize === 'squash') return { ...whole, ratio: picture.width / picture.height };
  if (rule.resize === 'crop') return { ...whole, ratio: rule.width / rule.height };
  const { height, width } = scaled(picture, rule);
  const [top, left] = [(rule.height - height) >> 1, (rule.width - width) >> 1];
  return { top, left, height, width, ratio: picture.width / picture.height };
}

/**
 * The places to hide, coarse grid first: a patch of one size, moved by its own length, by half of it, and so on down to a
 * pixel. In the finer ones patches also hang over the edges by half: else a pixel at an edge would be hidden only together
 * with those further in, and be taken for one of them. A finer grid names only what it adds.
 * @param {{top: number, left: number, height: number, width: number}} part of the input, as of seenPart().
 * @param {number} across how many patches lie beside each other along its longer side.
 * @returns {{top: number, left: number, height: number, width: number}[][]} the places of each grid, inside the part.
 */
export function gridsOf(part, across) {
  const side = Math.max(1, Math.round(Math.max(part.height, part.width) / across));
  const known = new Set();
  const grids = [];
  for (const [finer, hanging] of GRIDS) {
    const rows = spansOf(part.height, side, finer, hanging);
    const columns = spansOf(part.width, side, finer, hanging);
    const added = [];
    for (const [y, height] of rows) {
      for (const [x, width] of columns) {
        const name = [y, x, height, width].join();
        if (!known.has(name)) added.push({ top: part.top + y, left: part.left + x, height, width });
        known.add(name);
      }
    }
    if (added.length) grids.push(added);
  }
  return grids;
}

/** Where patches begin, evenly from one end to the other, and how long they are inside: [start, length] of each. */
function spansOf(length, side, finer, hanging) {
  const room = length - side;
  if (room <= 0) return [[0, length]];
  const steps = Math.ceil(room / side) * finer;
  const over = hanging ? Math.floor((side / 2) * (steps / room)) : 0;
  const spans = new Map(); // steps that are finer than a pixel give some of them twice
  for (let step = -over; step <= steps + over; step++) {
    const start = Math.round((step * room) / steps);
    const from = Math.max(0, start);
    const inside = Math.min(length, start + side) - from;
    if (inside > 0) spans.set(start, [from, inside]);
  }
  return [...spans.values()];
}

/** The mean colour of a part of the input, three whole numbers: what hides a place. */
export function meanColour(pixels, width, part) {
  const sums = [0, 0, 0];
  for (const at of rowsOf(part, width)) {
    for (let from = at; from < at + part.width * CHANNELS; from += CHANNELS) {
      for (let c = 0; c < CHANNELS; c++) sums[c] += pixels[from + c];
    }
  }
  return sums.map((sum) => Math.round(sum / (part.height * part.width)));
}

/** The input with one place hidden: a copy. */
export function hidden(pixels, width, place, colour) {
  const copy = pixels.slice();
  for (const at of rowsOf(place, width)) {
    for (let to = at; to < at + place.width * CHANNELS; to += CHANNELS) copy.set(colour, to);
  }
  return copy;
}

/** Where each row of a part of the input begins, in its values. */
function* rowsOf({ top, left, height, width: columns }, width) {
  if (columns > 0) for (let y = top; y < top + height; y++) yield (y * width + left) * CHANNELS;
}

/**
 * The heat of every pixel: the mean drop of the places that cover it.
 * @param {{top: number, left: number, height: number, width: number}} part
 * @param {{top: number, left: number, height: number, width: number}[]} places that were hidden.
 * @param {number[]} drops of the probability, one a place; below 0 where it rose.
 * @returns {Float32Array} part.height x part.width; 0 where nothing was hidden yet.
 */
export function heatOf(part, places, drops) {
  const sums = new Float64Array(part.height * part.width);
  const counts = new Uint16Array(sums.length);
  places.forEach(({ top, left, height, width }, index) => {
    for (let y = top - part.top; y < top - part.top + height; y++) {
      for (let at = y * part.width + left - part.left, end = at + width; at < end; at++) {
        sums[at] += drops[index];
        counts[at]++;
      }
    }
  });
  return Float32Array.from(sums, (sum, at) => (counts[at] ? sum / counts[at] : 0));
}

/** The change below which a place does not matter to a class of such a probability. */
export function leastChange(probability) {
  return Math.max(LEAST_EVER, Math.min(LEAST, probability / 2));
}

/**
 * What the drops say.
 * @param {number} probability of the class, nothing hidden.
 * @param {number[]} drops
 * @returns {{kind: 'for' | 'against' | 'none', least: number, place: number}} whether hiding a place costs the class
 *   `least` or more, only ever helps it as much, or neither; and which place's drop, or rise, is the greatest.
 */
export function verdictOf(probability, drops) {
  const least = leastChange(probability);
  const most = (sign) => drops.reduce((best, drop, at) => (drop * sign > drops[best] * sign ? at : best), 0);
  if (drops.length && drops[most(1)] >= least) return { kind: 'for', least, place: most(1) };
  if (drops.length && -drops[most(-1)] >= least) return { kind: 'against', least, place: most(-1) };
  return { kind: 'none', least, place: most(1) };
}

/** In which third, 0 to 2, of a part's height and of its width the middle of a place lies: [row, column]. */
export function thirdOf(place, part) {
  const third = (start, length, from, whole) => Math.min(2, Math.floor((3 * (start + length / 2 - from)) / whole));
  return [third(place.top, place.height, part.top, part.height), third(place.left, place.width, part.left, part.width)];
}

/**
 * The picture in grey with its heat over it.
 * @param {Uint8Array} pixels of the network's input, RGB.
 * @param {number} width of the input.
 * @param {{top: number, left: number, height: number, width: number}} part
 * @param {Float32Array} heat as heatOf() gives it.
 * @param {number} scale the heat that has the full colour.
 * @returns {Uint8Array} RGB, part.height x part.width x 3.
 */
export function coloured(pixels, width, part, heat, scale) {
  const out = new Uint8Array(heat.length * CHANNELS);
  let at = 0;
  for (const row of rowsOf(part, width)) {
    for (let from = row; from < row + part.width * CHANNELS; from += CHANNELS, at++) {
      // Luma of ITU-R BT.601, nearer to the middle: on pure black and white a colour's density could not be told.
      const grey = 48 + 0.62 * (0.299 * pixels[from] + 0.587 * pixels[from + 1] + 0.114 * pixels[from + 2]);
      const share = DENSEST * Math.min(1, Math.abs(heat[at]) / scale);
      const colour = heat[at] < 0 ? RISE : DROP;
      for (let c = 0; c < CHANNELS; c++) out[at * CHANNELS + c] = Math.round(grey + share * (colour[c] - grey));
    }
  }
  return out;
}

/** A part of the input, RGB, as it is. */
export function cutOut(pixels, width, part) {
  const rows = [...rowsOf(part, width)].map((at) => pixels.subarray(at, at + part.width * CHANNELS));
  const out = new Uint8Array(part.height * part.width * CHANNELS);
  rows.forEach((row, index) => out.set(row, index * part.width * CHANNELS));
  return out;
}
