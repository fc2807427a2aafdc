// What probabilities say: which classes are the likeliest, and whether that is sure enough.

/** Which classes are the likeliest, likeliest first: their places in the order of the scores. */
export function likeliest(scores, most = 1) {
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, most);
}

/** Whether an answer is below the probability from which on enough of them are right; page is page.json. */
export function isUnsure(scores, page) {
  return page.unsure !== null && Math.max(...scores) < (page.unsure.below ?? Infinity);
}
