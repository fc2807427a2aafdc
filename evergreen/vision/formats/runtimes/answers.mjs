// Shows images to a model one at a time, in any runtime of JavaScript; under Node and in the browser alike.

/**
 * @param {(shape: number[]) => Promise<{scores: (pixels: Uint8Array) => Promise<ArrayLike<number>>,
 *   classes: string[] | null}>} open loads the model; scores answers for raw RGB, 0-255, of one image.
 * @param {Uint8Array} pixels of all images, N x H x W x 3.
 * @param {number[]} shape of pixels.
 * @returns {Promise<{scores: Float32Array, told: object}>} N x K, and what process.py calls answers.json.
 */
export async function answers(open, pixels, shape) {
  const [count, ...image] = shape;
  const size = image.reduce((product, length) => product * length, 1);
  const began = performance.now();
  const { scores, classes } = await open(shape);
  const one = (index) => scores(pixels.subarray(index * size, (index + 1) * size));
  await one(0); // the first call may still be compiling
  const told = { classes, load_seconds: (performance.now() - began) / 1000, seconds: [], threads: 1 };
  const found = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    found.push(...(await one(index)));
    told.seconds.push((performance.now() - start) / 1000);
  }
  return { scores: Float32Array.from(found), told };
}
