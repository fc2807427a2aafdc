// Has a TensorFlow.js graph model answer for one image; under Node and in the browser alike.

/** Class probabilities for raw RGB, 0-255, of an image, as answers.mjs takes them. */
export function scoresOf(tf, model, [, height, width, channels]) {
  return async (pixels) => {
    const input = tf.tensor4d(Float32Array.from(pixels), [1, height, width, channels]);
    const output = model.predict(input);
    const scores = await output.data();
    tf.dispose([input, output]);
    return scores;
  };
}
