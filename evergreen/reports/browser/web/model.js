// The exported model in TensorFlow.js: WebAssembly first, because it answers to the last bits as Keras does; WebGL and
// plain JavaScript where WebAssembly does not start or lacks an operation.
const BACKENDS = ['wasm', 'webgl', 'cpu'];
const tf = () => globalThis.tf; // set by the scripts in tfjs/

/**
 * Loads the model and picks the first backend that answers with probabilities.
 * @param {string} address of model.json.
 * @param {{height: number, width: number}} image the input's size.
 * @param {(share: number) => void} progress told how much is here, 0-1.
 * @param {string | null} wanted a backend to use whatever it costs, for tests.
 * @returns {Promise<{backend: string, scores: (pixels: Uint8Array) => Promise<Float32Array>}>}
 */
export async function loaded(address, image, progress, wanted) {
  tf().env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // its file is not in the page
  tf().wasm.setWasmPaths('tfjs/');
  const failures = [];
  for (const backend of wanted ? [wanted] : BACKENDS) {
    try {
      return await started(backend, address, image, progress);
    } catch (error) {
      failures.push(`${backend}: ${error.message}`);
    }
  }
  throw new Error(failures.join('; '));
}

async function started(backend, address, image, progress) {
  if (!(await tf().setBackend(backend))) throw new Error('did not start');
  await tf().ready();
  const model = await tf().loadGraphModel(address, { onProgress: progress });
  const scores = (pixels) => answer(model, image, pixels);
  const first = await scores(new Uint8Array(image.height * image.width * 3)); // compiles, and proves the backend
  const sum = first.reduce((total, value) => total + value, 0);
  if (!(Math.abs(sum - 1) < 0.01)) throw new Error(`probabilities of ${sum} in all`);
  return { backend, scores };
}

/** Class probabilities of one picture of the network's size; the model takes raw RGB, 0-255. */
async function answer(model, image, pixels) {
  const input = tf().tensor4d(Float32Array.from(pixels), [1, image.height, image.width, 3]);
  const output = model.predict(input);
  try {
    return await output.data();
  } finally {
    tf().dispose([input, output]);
  }
}
