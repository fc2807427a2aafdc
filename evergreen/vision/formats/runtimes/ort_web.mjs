// Runs an ONNX model by ONNX Runtime Web, in wasm, under Node: node ort_web.mjs PACKAGES MODEL.onnx FOLDER
// What the folder holds and gets is described in process.py. PACKAGES is the folder of npm packages that has it.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { exchange } from './node_exchange.mjs';

const [packages, modelFile, folder] = process.argv.slice(2);
const ort = createRequire(path.join(packages, 'none.js'))('onnxruntime-web');
ort.env.wasm.numThreads = 1; // as answers.mjs tells

async function open([, height, width, channels]) {
  const bytes = new Uint8Array(await readFile(modelFile));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const scores = async (pixels) => {
    const image = new ort.Tensor('float32', Float32Array.from(pixels), [1, height, width, channels]);
    return (await session.run({ image })).scores.data;
  };
  // Its interface gives no metadata: whether the classes are the run's is asked where ONNX Runtime itself opens the file.
  return { scores, classes: null };
}

await exchange(folder, open);
