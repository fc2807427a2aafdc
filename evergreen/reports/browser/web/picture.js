// From a file to upright 8-bit RGB, as evergreen/images/door.py gives it: turned by EXIF, alpha on white, first frame,
// colour profiles ignored. The decoder is the browser's.
import { isDeep, orientationOf, shallow, sizeOf } from './deep.js';
import { turned, upright } from './webp.js';

const ROWS = 256; // read at a time: phones limit the area of a canvas, and every browser its length,
const COLUMNS = 4096; // past which it is silently empty
const RULES = { max_megapixels: 150, range: null }; // as the door

/** The file is no picture that this browser reads, or is too large; `reason` is a key of words.js. */
export class BadPicture extends Error {
  constructor(reason, values = {}) {
    super(reason);
    this.reason = reason;
    this.values = values;
  }
}

/**
 * Decodes a file.
 * @param {Blob} file
 * @param {{max_megapixels: number, range: [number, number] | null}} rules of the model's own images: the largest, and
 *   which of their values are black and white where they have over 8 bits.
 * @returns {Promise<{height: number, width: number, pixels: Uint8Array}>} RGB, height x width x 3, 0-255.
 */
export async function opened(file, rules = RULES) {
  const data = new Uint8Array(await file.arrayBuffer());
  if (isDeep(data)) return deep(data, rules);
  const bitmap = await decoded(file);
  try {
    const { width, height } = bitmap;
    refuseTooLarge(bitmap, rules);
    const pixels = new Uint8Array(width * height * 3);
    const transparent = copyOpaque(bitmap, pixels);
    if (transparent) onWhite(unmultiplied(bitmap) ?? transparent, pixels);
    return await upright(file, { height, width, pixels });
  } finally {
    bitmap.close();
  }
}

/** RGB of what a camera shows, which has no alpha, as opened() gives it. */
export function rgbOf(source, width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    pixels[to++] = data[from];
    pixels[to++] = data[from + 1];
    pixels[to++] = data[from + 2];
  }
  return { height, width, pixels };
}

/** A PNG of 16 bits a channel, of which the browser would keep the upper 8. */
async function deep(data, rules) {
  refuseTooLarge(sizeOf(data), rules);
  let found;
  try {
    found = await shallow(data, rules.range);
  } catch {
    throw new BadPicture('notAPicture');
  }
  const { height, width, rgba } = found;
  const pixels = new Uint8Array(width * height * 3);
  onWhite(rgba, pixels);
  return turned({ height, width, pixels }, orientationOf(data));
}

function refuseTooLarge({ width, height }, rules) {
  if (width * height > rules.max_megapixels * 1e6) throw new BadPicture('tooLarge', { limit: rules.max_megapixels });
}

async function decoded(file) {
  const asStored = { imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'none' };
  try {
    return await createImageBitmap(file, asStored);
  } catch {
    throw new BadPicture('notAPicture');
  }
}

/** Copies RGB; as soon as a pixel is transparent, returns the canvas's RGBA of the whole picture instead. */
function copyOpaque(bitmap, pixels) {
  for (const { data, start, columns } of tiles(bitmap)) {
    for (let from = 0, row = start; from < data.length; row += bitmap.width) {
      for (let to = row * 3, end = to + columns * 3; to < end; from += 4) {
        if (data[from + 3] !== 255) return wholeOf(bitmap);
        pixels[to++] = data[from];
        pixels[to++] = data[from + 1];
        pixels[to++] = data[from + 2];
      }
    }
  }
  return null;
}

function wholeOf(bitmap) {
  const rgba = new Uint8Array(bitmap.width * bitmap.height * 4);
  for (const { data, start, columns } of tiles(bitmap)) {
    for (let from = 0, row = start; from < data.length; from += columns * 4, row += bitmap.width) {
      rgba.set(data.subarray(from, from + columns * 4), row * 4);
    }
  }
  return rgba;
}

/** Yields RGBA of some rows and columns, how many columns, and how many pixels of the picture come before them. */
function* tiles(bitmap) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(COLUMNS, bitmap.width);
  canvas.height = Math.min(ROWS, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  for (let top = 0; top < bitmap.height; top += ROWS) {
    const rows = Math.min(ROWS, bitmap.height - top);
    for (let left = 0; left < bitmap.width; left += COLUMNS) {
      const columns = Math.min(COLUMNS, bitmap.width - left);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, -left, -top);
      const { data } = context.getImageData(0, 0, columns, rows);
      yield { data, columns, start: top * bitmap.width + left };
    }
  }
}

/**
 * RGBA as it is in the file. A 2D canvas keeps colours multiplied by alpha, which loses some of their bits; WebGL does
 * not. Null where there is no WebGL or the picture is too large for it: then the canvas's colours are off by 1 at most.
 */
function unmultiplied(bitmap) {
  const gl = document.createElement('canvas').getContext('webgl');
  if (!gl || Math.max(bitmap.width, bitmap.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  const readable = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
  const rgba = readable ? new Uint8Array(bitmap.width * bitmap.height * 4) : null;
  if (readable) gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return rgba;
}

/** Pillow's alpha_composite on white: 7 more bits, then a division by 255 with shifts. */
function onWhite(rgba, pixels) {
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = rgba[from + 3];
    for (let c = 0; c < 3; c++) {
      const sum = (rgba[from + c] * alpha + 255 * (255 - alpha)) * 128 + 16384;
      pixels[to++] = (((sum >> 8) + sum) >> 8) >> 7;
    }
  }
}
