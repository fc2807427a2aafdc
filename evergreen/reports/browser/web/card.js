// The model card: what the model is, how good, and where it came from.
import { count, limit, megabytes, percent, word } from './words.js';

/** Fills the card from page.json, for the one of its models that answers here. */
export function showCard(page, model) {
  const list = document.getElementById('card-list');
  for (const [key, text, code] of rows(page, model)) {
    const term = document.createElement('dt');
    const meaning = document.createElement('dd');
    term.textContent = word(key);
    meaning.textContent = text;
    if (code) meaning.className = 'code';
    list.append(term, meaning);
  }
  if (model.card) list.append(...link(model.card));
  document.getElementById('card').hidden = false;
}

function rows({ card, classes, image, unsure, recipe, run }, model) {
  const found = [
    ['classes', `${count(classes.length)}: ${classes.join(', ')}`],
    ['network', card.network],
    ['input', word('inputText', image)],
    ['resize', `${word(image.resize)} (${image.interpolation})`],
    ['accuracy', accuracy(card.judged)],
    ['trained', word('trainedText', { count: count(card.trained) })],
    ['proof', proof(model)],
    ['chosen', model.reason],
    ['recipe', `${recipe}, ${run}`],
    ['digests', Object.entries(card.digests).map(([name, digest]) => `${word(name)} ${digest}`).join('\n'), true],
  ];
  if (unsure?.below) {
    const values = { limit: limit(unsure.below), precision: percent(unsure.precision) };
    found.splice(5, 0, ['limit', word('limitText', values)]);
  }
  return found;
}

function link(address) {
  const term = document.createElement('dt');
  const meaning = document.createElement('dd');
  const anchor = document.createElement('a');
  term.textContent = word('more');
  anchor.href = address;
  anchor.textContent = address.split('/').pop();
  meaning.append(anchor);
  return [term, meaning];
}

function accuracy({ split, accuracy: share, count: images }) {
  return word('accuracyText', { share: percent(share), count: count(images), split: word(split) });
}

function proof({ bytes, proof: { format, runtime, verified, agreement, count: images } }) {
  const values = { format, size: megabytes(bytes) };
  if (verified !== 'passed') return word('unproved', values);
  return word('proofText', { ...values, runtime, agreement: percent(agreement), count: count(images) });
}
