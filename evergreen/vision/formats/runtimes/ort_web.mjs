// Runs an ONNX model by ONNX Runtime Web, in wasm, under Node: node ort_web.mjs PACKAGES MODEL.onnx FOLDER
// What the folder holds and gets is described in process.py. PACKAGES is the folder of npm packages that has it.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const [packages, modelFile, folder] = process.argv.slice(2);
const ort = createRequire(path.join(packages, 'none.js'))('onnxruntime-web');

const THREADS = 1;
ort.env.wasm.numThreads = THREADS;
const [count, height, width, channels] = JSON.parse(await readFile(path.join(folder, 'shape.json'), 'utf8'));
const images = await readFile(path.join(folder, 'images.bin'));
const size = height * width * channels;

let began = performance.now();
const session = await ort.InferenceSession.create(new Uint8Array(await readFile(modelFile)), { executionProviders: ['wasm'] });

async function answer(index) {
  const pixels = Float32Array.from(images.subarray(index * size, (index + 1) * size));
  const { scores } = await session.run({ image: new ort.Tensor('float32', pixels, [1, height, width, channels]) });
  return scores.data;
}

await answer(0); // the first call may still be compiling
const loadSeconds = (performance.now() - began) / 1000;
const scores = [];
const seconds = [];
for (let index = 0; index < count; index++) {
  began = performance.now();
  scores.push(...(await answer(index)));
  seconds.push((performance.now() - began) / 1000);
}
// Its interface gives no metadata: whether the classes are the run's is asked where ONNX Runtime itself opens the file.
const told = { classes: null, load_seconds: loadSeconds, seconds, threads: THREADS };
await writeFile(path.join(folder, 'scores.bin'), Buffer.from(Float32Array.from(scores).buffer));
await writeFile(path.join(folder, 'answers.json'), JSON.stringify(told));
