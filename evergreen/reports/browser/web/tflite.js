// How the ends of a TFLite model are quantized, which LiteRT.js does not say: read from the file, a FlatBuffer.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
const SUBGRAPHS = 2; // fields of Model, SubGraph, Tensor and QuantizationParameters, in the schema's order
const TENSORS = 0;
const INPUTS = 1;
const OUTPUTS = 2;
const QUANTIZATION = 4;
const SCALE = 2;
const ZERO_POINT = 3;

/**
 * @param {Uint8Array} bytes of a .tflite file, of a model with one input and one output.
 * @returns {{input: {scale: number, zero: number} | null, output: {scale: number, zero: number} | null}} null: floats.
 */
export function quantizationOf(bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.byteLength < 8 || data.getUint32(4, true) !== 0x334c4654) throw new Error('no TFLite file'); // TFL3
  const graph = follow(data, first(data, field(data, follow(data, 0), SUBGRAPHS)));
  const tensors = field(data, graph, TENSORS);
  const end = (which) => {
    const index = data.getInt32(first(data, field(data, graph, which)), true);
    return ofTensor(data, follow(data, first(data, tensors) + 4 * index));
  };
  return { input: end(INPUTS), output: end(OUTPUTS) };
}

function ofTensor(data, tensor) {
  const at = field(data, tensor, QUANTIZATION);
  if (!at) return null;
  const [scale, zero] = [SCALE, ZERO_POINT].map((name) => field(data, follow(data, at), name));
  if (!scale || !data.getUint32(follow(data, scale), true)) return null;
  return { scale: data.getFloat32(first(data, scale), true), zero: Number(data.getBigInt64(first(data, zero), true)) };
}

/** Where an offset points to. */
function follow(data, at) {
  return at + data.getUint32(at, true);
}

/** Where the first value of a vector is. */
function first(data, at) {
  return follow(data, at) + 4;
}

/** Where a table's field is; 0 if it is left at its default. */
function field(data, table, index) {
  const entries = table - data.getInt32(table, true);
  const entry = 4 + 2 * index;
  const offset = entry < data.getUint16(entries, true) ? data.getUint16(entries + entry, true) : 0;
  return offset && table + offset;
}
