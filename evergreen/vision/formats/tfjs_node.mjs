// Runs a TensorFlow.js graph model under Node: node tfjs_node.mjs MODEL.json FOLDER
// FOLDER holds images.bin (uint8, N x H x W x 3) and shape.json; scores.bin (float32, N x K) is written there.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const BATCH = 32;

// Without tfjs-node there is no file handler: read the topology and the weight shards ourselves.
function fromFile(modelFile) {
  return {
    async load() {
      const model = JSON.parse(await readFile(modelFile, 'utf8'));
      const shards = model.weightsManifest.flatMap((group) => group.paths);
      const parts = await Promise.all(shards.map((name) => readFile(path.join(path.dirname(modelFile), name))));
      const data = Buffer.concat(parts);
      return {
        modelTopology: model.modelTopology,
        signature: model.signature,
        weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
        weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
      };
    },
  };
}

const [modelFile, folder] = process.argv.slice(2);
const wasm = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
setWasmPaths(path.join(wasm, 'dist') + path.sep);
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');
await tf.ready();

const model = await loadGraphModel(fromFile(modelFile));
const [count, height, width, channels] = JSON.parse(await readFile(path.join(folder, 'shape.json'), 'utf8'));
const pixels = await readFile(path.join(folder, 'images.bin'));
const size = height * width * channels;
const scores = [];
for (let start = 0; start < count; start += BATCH) {
  const end = Math.min(start + BATCH, count);
  const batch = Float32Array.from(pixels.subarray(start * size, end * size));
  const input = tf.tensor4d(batch, [end - start, height, width, channels]);
  const output = model.predict(input);
  scores.push(Buffer.from((await output.data()).slice().buffer));
  tf.dispose([input, output]);
}
await writeFile(path.join(folder, 'scores.bin'), Buffer.concat(scores));
