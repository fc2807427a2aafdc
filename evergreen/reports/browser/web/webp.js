// The EXIF orientation of WebP, which Chromium ignores, though it obeys that of JPEG, PNG and AVIF.
const ORIENTATION = 0x0112;
// Two pixels side by side, orientation 6: a browser that obeys makes them stand.
const PROBE =
  'UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=';
const browserTurns = turns();

/** Turns the pixels of a WebP upright where the browser did not; other formats are returned as they are. */
export async function upright(file, picture) {
  const data = new DataView(await file.arrayBuffer());
  if (!isWebp(data) || (await browserTurns)) return picture;
  return turned(picture, orientation(data));
}

async function turns() {
  const bytes = Uint8Array.from(atob(PROBE), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: 'from-image' });
  return bitmap.height === 2;
}

function isWebp(data) {
  return data.byteLength > 12 && name(data, 0) === 'RIFF' && name(data, 8) === 'WEBP';
}

/** The orientation, 1-8, of a WebP's EXIF chunk; 1 if there is none. */
function orientation(data) {
  for (let at = 12; at + 8 <= data.byteLength; ) {
    const size = data.getUint32(at + 4, true);
    if (name(data, at) === 'EXIF' && at + 8 + size <= data.byteLength) {
      return ofTiff(new DataView(data.buffer, at + 8, size));
    }
    at += 8 + size + (size % 2);
  }
  return 1;
}

/** Reads the tag from the first directory of a TIFF block, which some writers begin as in a JPEG. */
export function ofTiff(block) {
  const start = block.byteLength > 6 && name(block, 0) === 'Exif' ? 6 : 0;
  const tiff = new DataView(block.buffer, block.byteOffset + start, block.byteLength - start);
  if (tiff.byteLength < 8) return 1;
  const little = tiff.getUint16(0) === 0x4949;
  const first = tiff.getUint32(4, little);
  const entries = first + 2 <= tiff.byteLength ? tiff.getUint16(first, little) : 0;
  for (let i = 0, at = first + 2; i < entries && at + 12 <= tiff.byteLength; i++, at += 12) {
    if (tiff.getUint16(at, little) === ORIENTATION) return tiff.getUint16(at + 8, little);
  }
  return 1;
}

/** Turns and mirrors RGB as EXIF's orientation says; https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf, 4.6.4. */
export function turned(picture, way) {
  if (!(way >= 2 && way <= 8)) return picture;
  const { height, width, pixels } = picture;
  const lying = way >= 5; // rows become columns
  const fromBottom = [3, 4, 6, 7].includes(way);
  const fromRight = [2, 3, 7, 8].includes(way);
  const out = { height: lying ? width : height, width: lying ? height : width, pixels: new Uint8Array(pixels.length) };
  for (let y = 0, to = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, to += 3) {
      const [row, column] = lying ? [x, y] : [y, x];
      const from = ((fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column)) * 3;
      out.pixels.set(pixels.subarray(from, from + 3), to);
    }
  }
  return out;
}

function name(data, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => data.getUint8(at + i)));
}
