// Numbers as OpenCV has them in 8-bit RGB.

export const CHANNELS = 3;

/** Rounds to the nearest integer, halves to the even one, as Python's round() and OpenCV do. */
export function roundEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}
