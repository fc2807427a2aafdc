// The run's exports in this browser: LiteRT.js first, TensorFlow.js where that cannot run, as page.json orders them.
import { compiled } from './litert.js';
import { counted, flavour, received, started } from './runtime.js';
import { BACKENDS, graphModel } from './tensorflow.js';

/**
 * Loads the first model that answers with probabilities.
 * @param {object[]} models of page.json.
 * @param {{height: number, width: number}} image the input's size.
 * @param {(share: number) => void} progress told how much is here, 0-1.
 * @param {string | null} wanted 'litert', or a backend of TensorFlow.js, to use whatever it costs; for tests.
 * @returns {Promise<{model: object, backend: string, uses: string, failures: string[],
 *   scores: (pixels: Uint8Array) => Promise<Float32Array>}>} the entry of models, what runs it, which files that takes
 *   (sw.js), why others did not start, and class probabilities of one picture of the network's size.
 */
export async function loaded(models, image, progress, wanted) {
  const failures = [];
  for (const model of models) {
    if (wanted && (wanted === 'litert') !== (model.engine === 'litert')) continue;
    try {
      return { model, failures, ...(await opened(model, image, progress, wanted)) };
    } catch (error) {
      failures.push(`${model.engine === 'litert' ? 'LiteRT.js' : 'TensorFlow.js'}: ${error.message}`);
    }
  }
  throw new Error(failures.join('; '));
}

function opened(model, image, progress, wanted) {
  const prove = (scores) => proved(scores, image);
  if (model.engine === 'litert') return lite(model, progress, prove);
  return graphModel(model, image, progress, wanted ? [wanted] : BACKENDS, prove);
}

async function lite({ address, bytes, engine_bytes: engine }, progress, prove) {
  const kind = flavour();
  if (kind === null) throw new Error('this browser has no SIMD in WebAssembly');
  let came = 0;
  const here = (more) => progress(Math.min(1, (came += more) / (bytes + engine)));
  const file = new Response(counted((await received(address)).body, here)).arrayBuffer();
  const [litert, data] = await Promise.all([started(kind, here), file]);
  const { scores } = await compiled(litert, new Uint8Array(data), 'wasm');
  await prove(scores);
  return { backend: 'LiteRT.js, wasm', uses: kind, scores };
}

/** Has a model answer once, which compiles it, and refuses what are no probabilities. */
async function proved(scores, image) {
  const first = await scores(new Uint8Array(image.height * image.width * 3));
  const sum = first.reduce((total, value) => total + value, 0);
  // 8 bits of 1,000 classes round to more than a hundredth.
  if (!(Math.abs(sum - 1) < 0.01 + first.length / 512)) throw new Error(`probabilities of ${sum} in all`);
}
