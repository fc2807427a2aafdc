// PNG of 16 bits a channel, of which a browser keeps 8: read as evergreen/images/depth.py reads it.
import { roundEven } from './numbers.js';
import { ofTiff } from './webp.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 }; // by the type of colour
const FULL = 65535;
// Adam7: [first row, first column, rows between, columns between] of each pass.
const PASSES = [[0, 0, 8, 8], [0, 4, 8, 8], [4, 0, 8, 4], [0, 2, 4, 4], [2, 0, 4, 2], [0, 1, 2, 2], [1, 0, 2, 1]];

/** Whether a file is a PNG of 16 bits a channel. */
export function isDeep(data) {
  return data.length > 33 && SIGNATURE.every((byte, at) => data[at] === byte) && data[24] === 16;
}

/** Height and width that a PNG says it has. */
export function sizeOf(data) {
  const view = new DataView(data.buffer, data.byteOffset);
  return { height: view.getUint32(20), width: view.getUint32(16) };
}

/** The orientation, 1-8, that a PNG's Exif says; 1 if it has none. */
export function orientationOf(data) {
  const exif = chunksOf(data).find(({ name }) => name === 'eXIf')?.body;
  return exif ? ofTiff(new DataView(exif.buffer, exif.byteOffset, exif.byteLength)) : 1;
}

/**
 * Decodes a PNG of 16 bits a channel.
 * @param {Uint8Array} data the file.
 * @param {[number, number] | null} range the values that are black and white; null goes by what the file says.
 * @returns {Promise<{height: number, width: number, rgba: Uint8Array}>} height x width x 4, 0-255, as the file lies.
 */
export async function shallow(data, range) {
  const chunks = chunksOf(data);
  const { height, width } = sizeOf(data);
  const channels = CHANNELS[data[25]];
  if (!channels) throw new Error('no such type of colour');
  const packed = new Blob(chunks.filter(({ name }) => name === 'IDAT').map(({ body }) => body));
  const stream = packed.stream().pipeThrough(new DecompressionStream('deflate'));
  const lines = new Uint8Array(await new Response(stream).arrayBuffer());
  const values = unfiltered(lines, height, width, channels, data[28] === 1);
  const colours = channels < 3 ? 1 : 3;
  const bits = chunks.find(({ name }) => name === 'sBIT')?.body.subarray(0, colours);
  const [low, high] = range ?? stated(bits, values, channels, colours) ?? [0, FULL];
  const opaque = channels === colours;
  const most = opaque ? 0 : greatest(values, channels, colours, channels);
  const byte = table(low, high);
  const opacity = table(0, most > high ? FULL : high);
  const rgba = new Uint8Array(height * width * 4);
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    for (let c = 0; c < 3; c++) rgba[to + c] = byte[values[from + (colours === 3 ? c : 0)]];
    rgba[to + 3] = opaque ? 255 : opacity[values[from + colours]];
  }
  return { height, width, rgba };
}

function chunksOf(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found = [];
  for (let at = 8; at + 12 <= data.length; ) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...data.subarray(at + 4, at + 8));
    found.push({ name, body: data.subarray(at + 8, at + 8 + size) });
    at += 12 + size;
  }
  return found;
}

/** Undoes the filters of all passes; returns values, height x width x channels. */
function unfiltered(lines, height, width, channels, interlaced) {
  const values = new Uint16Array(height * width * channels);
  const pixel = channels * 2;
  let at = 0;
  for (const [top, left, down, right] of interlaced ? PASSES : [[0, 0, 1, 1]]) {
    const columns = Math.max(0, Math.ceil((width - left) / right));
    let above = new Uint8Array(columns * pixel);
    for (let y = top; y < height && columns > 0; y += down) {
      const line = lines.subarray(at + 1, at + 1 + columns * pixel);
      if (line.length < columns * pixel) throw new Error('cut short');
      unfilter(lines[at], line, above, pixel);
      at += 1 + line.length;
      above = line;
      for (let x = left, from = 0; x < width; x += right) {
        for (let c = 0, to = (y * width + x) * channels; c < channels; c++, from += 2) {
          values[to++] = (line[from] << 8) | line[from + 1];
        }
      }
    }
  }
  return values;
}

/** Undoes one line's filter in place. */
function unfilter(kind, line, above, pixel) {
  if (kind > 4) throw new Error('no such filter');
  for (let i = 0; i < line.length && kind > 0; i++) {
    const left = i < pixel ? 0 : line[i - pixel];
    const corner = i < pixel ? 0 : above[i - pixel];
    const guess = [0, left, above[i], (left + above[i]) >> 1, 0][kind];
    line[i] += kind === 4 ? paeth(left, above[i], corner) : guess;
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** What sBIT means, as in depth.py; null if it says nothing. */
function stated(bits, values, channels, colours) {
  const count = bits?.length ? Math.max(...bits) : 16;
  if (count < 8 || count >= 16) return null;
  const high = 2 ** count - 1;
  const occurs = new Uint8Array(FULL + 1);
  for (let at = 0; at < values.length; at += channels) {
    for (let c = 0; c < colours; c++) occurs[values[at + c]] = 1;
  }
  let most = 0;
  let spread = true;
  const rest = 16 - count;
  for (let value = 0; value <= FULL; value++) {
    if (!occurs[value]) continue;
    most = value;
    const nearest = Math.floor((value * high + (FULL >> 1)) / FULL);
    const scaled = Math.floor((nearest * FULL + (high >> 1)) / high);
    const upper = value >> rest;
    const repeated = (upper << rest) | (upper >> Math.max(0, 2 * count - 16));
    spread &&= (value & (2 ** rest - 1)) === 0 || value === scaled || value === repeated;
  }
  if (spread) return [0, FULL];
  return most <= high ? [0, high] : null;
}

function greatest(values, channels, from, to) {
  let most = 0;
  for (let at = 0; at < values.length; at += channels) {
    for (let c = from; c < to; c++) most = Math.max(most, values[at + c]);
  }
  return most;
}

/** The byte of every value: low and less is 0, high and more is 255. */
function table(low, high) {
  const scale = 255 / (high - low);
  return Uint8Array.from({ length: FULL + 1 }, (_, value) => roundEven(Math.min(255, Math.max(0, (value - low) * scale))));
}
