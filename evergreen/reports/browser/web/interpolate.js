// cv2.resize by interpolation, for 8-bit RGB.
import { CHANNELS, roundEven } from './numbers.js';

const ONE = 2048; // a weight of 1 among OpenCV's integers of 11 bits
const CUBIC = -0.75; // OpenCV's parameter of the cubic kernel
const { fround } = Math;

/**
 * Interpolates to height x width: 'bilinear', 'bicubic', or 'area' for enlarging, which keeps pixels square.
 *
 * Linear weights are OpenCV's integers: equal to cv2 to the last bit. Cubic weights are in double precision, as good as
 * Intel's IPP, which OpenCV uses on x86-64 for pictures of at least 4 x 4: about one value in a million differs by 1,
 * up to one in two hundred where a whole factor makes ties.
 */
export function interpolated(picture, height, width, interpolation) {
  const tap = { bilinear: linearTap, area: squareTap, bicubic: cubicTap }[interpolation];
  const blend = interpolation === 'bicubic' ? blendReal : blendIntegers;
  const columns = Array.from({ length: width }, (_, x) => tap(x, picture.width, width));
  if (interpolation !== 'bicubic') columns.forEach((column) => pin(column, picture.width));
  const out = new Uint8Array(height * width * CHANNELS);
  const kept = new Map(); // index of a source row -> that row, scaled along its length
  for (let y = 0; y < height; y++) {
    const { start, weights } = tap(y, picture.height, height);
    const wanted = weights.map((_, k) => clamp(start + k, picture.height - 1));
    for (const row of kept.keys()) if (!wanted.includes(row)) kept.delete(row);
    for (const row of wanted) if (!kept.has(row)) kept.set(row, scaledRow(picture, row, columns));
    const rows = wanted.map((row) => kept.get(row));
    blend(rows, weights, out.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS));
  }
  return out;
}

// A tap: the source pixels that a target pixel reads along one axis, from `start` on, and their weights.

function linearTap(index, from, to) {
  const place = fround((index + 0.5) * (1 / (to / from)) - 0.5);
  const start = Math.floor(place);
  return integerTap(start, fround(place - start));
}

function squareTap(index, from, to) {
  const inverse = to / from;
  const start = Math.floor(index * (1 / inverse));
  const part = fround(index + 1 - (start + 1) * inverse);
  return integerTap(start, part <= 0 ? 0 : fround(part - Math.floor(part)));
}

function integerTap(start, part) {
  return { start, weights: [roundEven(fround(1 - part) * ONE), roundEven(part * ONE)] };
}

function cubicTap(index, from, to) {
  const place = (index + 0.5) * (1 / (to / from)) - 0.5;
  const start = Math.floor(place);
  const part = place - start;
  const near = (x) => ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  const far = (x) => ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
  const weights = [far(part + 1), near(part), near(1 - part)];
  return { start: start - 1, weights: [...weights, 1 - weights[0] - weights[1] - weights[2]] };
}

/** Along a row, OpenCV gives a tap that reaches over the edge whole to the edge's pixel. */
function pin(column, width) {
  if (column.start >= 0 && column.start < width - 1) return;
  column.start = clamp(column.start, width - 1);
  column.weights = [ONE, 0];
}

function scaledRow(picture, row, columns) {
  const out = new Float64Array(columns.length * CHANNELS);
  columns.forEach(({ start, weights }, x) => {
    for (let k = 0; k < weights.length; k++) {
      const from = (row * picture.width + clamp(start + k, picture.width - 1)) * CHANNELS;
      for (let c = 0; c < CHANNELS; c++) out[x * CHANNELS + c] += picture.pixels[from + c] * weights[k];
    }
  });
  return out;
}

function blendIntegers([above, below], [first, second], out) {
  for (let i = 0; i < out.length; i++) {
    out[i] = (((first * (above[i] >> 4)) >> 16) + ((second * (below[i] >> 4)) >> 16) + 2) >> 2;
  }
}

function blendReal(rows, weights, out) {
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) sum += rows[k][i] * weights[k];
    out[i] = clamp(roundEven(sum), 255);
  }
}

function clamp(value, highest) {
  return Math.min(Math.max(value, 0), highest);
}
