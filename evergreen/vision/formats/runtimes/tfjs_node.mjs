// Runs a TensorFlow.js graph model under Node: node tfjs_node.mjs MODEL.json FOLDER
// What the folder holds and gets is described in process.py.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { exchange } from './node_exchange.mjs';
import { scoresOf } from './tfjs_answer.mjs';

const [modelFile, folder] = process.argv.slice(2);

// Without tfjs-node there is no file handler: read the topology and the weight shards ourselves.
async function fromFile() {
  const { weightsManifest, ...model } = JSON.parse(await readFile(modelFile, 'utf8'));
  const shards = weightsManifest.flatMap((group) => group.paths);
  const parts = await Promise.all(shards.map((name) => readFile(path.join(path.dirname(modelFile), name))));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return { ...model, weightSpecs, weightData: Uint8Array.from(Buffer.concat(parts)).buffer };
}

async function open(shape) {
  const artifacts = await fromFile();
  const model = await loadGraphModel({ load: async () => artifacts });
  return { scores: scoresOf(tf, model, shape), classes: artifacts.userDefinedMetadata.classes };
}

const wasm = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
setWasmPaths(path.join(wasm, 'dist') + path.sep);
if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');
await tf.ready();
await exchange(folder, open);
