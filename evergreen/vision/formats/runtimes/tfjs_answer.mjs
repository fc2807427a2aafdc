// Shows images to a TensorFlow.js graph model one at a time; under Node and in the browser alike.

// pixels: Uint8Array of N x H x W x 3. Returns scores (Float32Array, N x K) and what process.py calls answers.json.
export async function answers(tf, load, pixels, [count, height, width, channels]) {
  const size = height * width * channels;
  const one = async (index) => {
    const image = Float32Array.from(pixels.subarray(index * size, (index + 1) * size));
    const input = tf.tensor4d(image, [1, height, width, channels]);
    const output = model.predict(input);
    const scores = await output.data();
    tf.dispose([input, output]);
    return scores;
  };
  const began = performance.now();
  const { model, classes } = await load();
  await one(0); // the first call may still be compiling
  const loadSeconds = (performance.now() - began) / 1000;
  const scores = [];
  const seconds = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    scores.push(...(await one(index)));
    seconds.push((performance.now() - start) / 1000);
  }
  return { scores: Float32Array.from(scores), told: { classes, load_seconds: loadSeconds, seconds, threads: 1 } };
}
