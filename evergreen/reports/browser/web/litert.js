// A TFLite export in LiteRT.js: https://developers.google.com/edge/litert/web. Also what verify proves exports with.
import { roundEven } from './numbers.js';
import { quantizationOf } from './tflite.js';

const LIMITS = { uint8: [0, 255], int8: [-128, 127] };

/**
 * Opens a model of one image at a time.
 * @param {object} litert the module @litertjs/core, after its loadLiteRt.
 * @param {Uint8Array} bytes of the .tflite file.
 * @param {'wasm' | 'webgpu'} accelerator
 * @returns {Promise<{scores: (pixels: Uint8Array) => Promise<Float32Array>, whole: boolean}>} scores gives class
 *   probabilities for raw RGB, 0-255, of the network's size; whole is whether all of it runs on the accelerator.
 */
export async function compiled(litert, bytes, accelerator) {
  const quantization = quantizationOf(bytes);
  // float32 also on a graphics card, whose default is float16: answers are held against Keras'.
  const model = await litert.loadAndCompile(bytes, { accelerator, gpuOptions: { precision: 'fp32' } });
  const [source] = model.getInputDetails();
  const values = tableOf(source.dtype, quantization.input);
  const scores = async (pixels) => {
    const input = new litert.Tensor(values(pixels), source.shape);
    const [output] = await model.run(input);
    try {
      return dequantized(await output.data(), quantization.output);
    } finally {
      input.delete();
      output.delete();
    }
  };
  return { scores, whole: accelerator === 'wasm' || model.isFullyAccelerated };
}

/** From pixels to the numbers that the input takes: themselves, or their quantized values. */
function tableOf(dtype, quantization) {
  if (!quantization) return (pixels) => Float32Array.from(pixels);
  const [low, high] = LIMITS[dtype];
  const { scale, zero } = quantization;
  const Values = dtype === 'uint8' ? Uint8Array : Int8Array;
  const table = new Values(256);
  for (let value = 0; value < 256; value++) {
    table[value] = Math.min(high, Math.max(low, roundEven(Math.fround(value / scale) + zero)));
  }
  return (pixels) => {
    const values = new Values(pixels.length);
    for (let at = 0; at < pixels.length; at++) values[at] = table[pixels[at]]; // from() with a function takes ms
    return values;
  };
}

function dequantized(values, quantization) {
  if (!quantization) return Float32Array.from(values);
  return Float32Array.from(values, (value) => (value - quantization.zero) * quantization.scale);
}
