// A graph model in TensorFlow.js: WebAssembly first, because it answers to the last bits as Keras does; WebGL and plain
// JavaScript where WebAssembly does not start or lacks an operation.
export const BACKENDS = ['wasm', 'webgl', 'cpu'];
// In this order: each adds itself to globalThis.tf.
const SCRIPTS = ['tf-core', 'tf-converter', 'tf-backend-cpu', 'tf-backend-webgl', 'tf-backend-wasm'];
const tf = () => globalThis.tf;

/**
 * Loads the model and picks the first backend that answers with probabilities.
 * @param {{address: string}} model of page.json; address is that of model.json.
 * @param {{height: number, width: number}} image the input's size.
 * @param {(share: number) => void} progress told how much is here, 0-1.
 * @param {string[]} backends to try, in this order.
 * @param {(scores: Function) => Promise<void>} prove throws if the answers are no probabilities.
 */
export async function graphModel({ address }, image, progress, backends, prove) {
  if (!tf()?.wasm) for (const name of SCRIPTS) await script(`tfjs/${name}.min.js`);
  tf().env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // its file is not in the page
  tf().wasm.setWasmPaths('tfjs/');
  const failures = [];
  for (const backend of backends) {
    try {
      if (!(await tf().setBackend(backend))) throw new Error('did not start');
      await tf().ready();
      const model = await tf().loadGraphModel(address, { onProgress: progress });
      const scores = (pixels) => answer(model, image, pixels);
      await prove(scores);
      return { backend: `TensorFlow.js, ${backend}`, uses: 'tfjs', scores };
    } catch (error) {
      failures.push(`${backend}: ${error.message}`);
    }
  }
  throw new Error(failures.join('; '));
}

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = address;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${address} did not load`));
    document.head.append(element);
  });
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
