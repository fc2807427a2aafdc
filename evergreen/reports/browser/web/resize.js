// How a picture becomes the network's input: the same bytes as evergreen/images/pixels.py gives with OpenCV 5.
import { interpolated } from './interpolate.js';
import { CHANNELS, roundEven } from './numbers.js';

const MOST_TIMES = 8; // the target's length that a crop scales to, as in pixels.py
const { fround } = Math;

/**
 * Brings a picture to the network's size.
 * @param {{height: number, width: number, pixels: Uint8Array}} whole RGB, height x width x 3, 0-255.
 * @param {{height: number, width: number, resize: string, interpolation: string}} rule as `image` in the recipe.
 * @returns {Uint8Array} RGB, rule.height x rule.width x 3, 0-255.
 */
export function prepared(whole, rule) {
  if (rule.resize === 'squash') return resized(whole, rule.height, rule.width, rule.interpolation).pixels;
  const picture = rule.resize === 'crop' ? withoutFarEnds(whole, rule) : whole;
  const { height, width } = scaled(picture, rule);
  return centred(resized(picture, height, width, rule.interpolation), rule.height, rule.width);
}

/** The size to which crop and pad scale a picture, before its middle is cut or put on black. */
export function scaled(picture, rule) {
  const choose = rule.resize === 'crop' ? Math.max : Math.min;
  const scale = choose(rule.height / picture.height, rule.width / picture.width);
  const to = (length) => Math.max(1, roundEven(length * scale));
  return { height: to(picture.height), width: to(picture.width) };
}

/** cv2.resize of 8-bit RGB; returns a picture of height x width. */
export function resized(picture, height, width, interpolation) {
  if (height === picture.height && width === picture.width) return picture;
  // OpenCV divides twice, and the last bit of a scale can move a cell.
  const scaleY = 1 / (height / picture.height);
  const scaleX = 1 / (width / picture.width);
  const halved = interpolation === 'bilinear' && scaleX === 2 && scaleY === 2;
  let pixels;
  if (interpolation === 'nearest') pixels = nearest(picture, height, width, scaleY, scaleX);
  else if (halved) pixels = wholeCells(picture, height, width, 2, 2);
  else if (interpolation === 'area' && scaleX >= 1 && scaleY >= 1) {
    const whole = isWhole(scaleX) && isWhole(scaleY);
    const [cellY, cellX] = whole ? [roundEven(scaleY), roundEven(scaleX)] : [scaleY, scaleX];
    pixels = (whole ? wholeCells : cells)(picture, height, width, cellY, cellX);
  } else pixels = interpolated(picture, height, width, interpolation);
  return { height, width, pixels };
}

function isWhole(scale) {
  return Math.abs(scale - roundEven(scale)) < Number.EPSILON;
}

function nearest(picture, height, width, scaleY, scaleX) {
  const out = new Uint8Array(height * width * CHANNELS);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.min(Math.floor(y * scaleY), picture.height - 1) * picture.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.min(Math.floor(x * scaleX), picture.width - 1)) * CHANNELS;
      for (let c = 0; c < CHANNELS; c++) out[at++] = picture.pixels[from + c];
    }
  }
  return out;
}

/** The mean of cells that are whole pixels: a sum of integers, then one product in single precision. */
function wholeCells(picture, height, width, cellY, cellX) {
  const out = new Uint8Array(height * width * CHANNELS);
  const stride = picture.width * CHANNELS;
  const share = fround(1 / (cellY * cellX));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < CHANNELS; c++) {
        const corner = y * cellY * stride + x * cellX * CHANNELS + c;
        let sum = 0;
        for (let j = 0; j < cellY; j++) {
          for (let i = 0; i < cellX; i++) sum += picture.pixels[corner + j * stride + i * CHANNELS];
        }
        out[at++] = cellY === 2 && cellX === 2 ? (sum + 2) >> 2 : roundEven(fround(sum * share));
      }
    }
  }
  return out;
}

/** The mean of cells that cut through pixels, in single precision, in OpenCV's order of sums. */
function cells(picture, height, width, scaleY, scaleX) {
  const out = new Uint8Array(height * width * CHANNELS);
  const columns = overlaps(picture.width, width, scaleX);
  const size = width * CHANNELS;
  const row = new Float32Array(size);
  const sum = new Float32Array(size);
  let current = 0;
  for (const { to, from, share } of overlaps(picture.height, height, scaleY)) {
    row.fill(0);
    const start = from * picture.width * CHANNELS;
    for (const column of columns) {
      const target = column.to * CHANNELS;
      const source = start + column.from * CHANNELS;
      for (let c = 0; c < CHANNELS; c++) {
        row[target + c] += fround(picture.pixels[source + c] * column.share);
      }
    }
    if (to !== current) {
      for (let i = 0; i < size; i++) out[current * size + i] = roundEven(sum[i]);
      sum.fill(0);
      current = to;
    }
    for (let i = 0; i < size; i++) sum[i] += fround(row[i] * share);
  }
  for (let i = 0; i < size; i++) out[current * size + i] = roundEven(sum[i]);
  return out;
}

/** Which source pixels lie in which cell, and the share of the cell that each fills. */
function overlaps(from, to, scale) {
  const found = [];
  for (let cell = 0; cell < to; cell++) {
    const start = cell * scale;
    const end = start + scale;
    const extent = Math.min(scale, from - start);
    const last = Math.min(Math.floor(end), from - 1);
    const first = Math.min(Math.ceil(start), last);
    if (first - start > 1e-3) found.push({ to: cell, from: first - 1, share: fround((first - start) / extent) });
    for (let i = first; i < last; i++) found.push({ to: cell, from: i, share: fround(1 / extent) });
    if (end - last > 1e-3) {
      found.push({ to: cell, from: last, share: fround(Math.min(end - last, 1, extent) / extent) });
    }
  }
  return found;
}

/** The middle of a picture, which scales to about MOST_TIMES the target's height and width at most. */
function withoutFarEnds(picture, rule) {
  const scale = Math.max(rule.height / picture.height, rule.width / picture.width);
  const kept = (from, to) => {
    const some = Math.min(from, Math.ceil((MOST_TIMES * to) / scale));
    return some + ((from - some) % 2); // as much at both ends
  };
  const height = kept(picture.height, rule.height);
  const width = kept(picture.width, rule.width);
  if (height === picture.height && width === picture.width) return picture;
  return { height, width, pixels: centred(picture, height, width) };
}

/** Cuts or pads with black around the middle to exactly height x width. */
function centred(picture, height, width) {
  const out = new Uint8Array(height * width * CHANNELS);
  const rows = Math.min(height, picture.height);
  const columns = Math.min(width, picture.width);
  const top = (picture.height - rows) >> 1;
  const left = (picture.width - columns) >> 1;
  const down = (height - rows) >> 1;
  const right = (width - columns) >> 1;
  for (let y = 0; y < rows; y++) {
    const start = ((top + y) * picture.width + left) * CHANNELS;
    const line = picture.pixels.subarray(start, start + columns * CHANNELS);
    out.set(line, ((down + y) * width + right) * CHANNELS);
  }
  return out;
}
