// The picture, the answer and its bars.
import { isUnsure, likeliest } from './scores.js';
import { limit, percent, word } from './words.js';

export const MOST = 5; // classes that are listed
const SMALL = 96; // pixels below which a picture is shown with hard edges
const by = (id) => document.getElementById(id);

/** Draws RGB pixels onto a canvas. */
export function draw(canvas, { height, width, pixels }) {
  const rgba = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) rgba.set(pixels.subarray(from, from + 3), to);
  canvas.width = width;
  canvas.height = height;
  canvas.classList.toggle('small', Math.max(height, width) < SMALL);
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
  canvas.hidden = false;
}

/** Says something in the place of the answer. */
export function say(text, { trouble = false } = {}) {
  by('verdict').replaceChildren(paragraph(text, trouble ? 'trouble' : ''));
  by('bars').hidden = true;
  by('seen').hidden = true;
}

/**
 * Shows an answer.
 * @param {Float32Array} scores probabilities in the order of classes.
 * @param {object} page page.json: classes and unsure are read.
 * @param {string | null} truth the class, where it is known.
 */
export function show(scores, page, truth) {
  const order = likeliest(scores, MOST);
  const first = { label: page.classes[order[0]], share: percent(scores[order[0]]) };
  const unsure = isUnsure(scores, page);
  const said = unsure
    ? [paragraph(word('unsure'), 'label'), paragraph(word('perhaps', first)), paragraph(reason(page.unsure), 'note')]
    : [paragraph(first.label, 'label'), paragraph(first.share, 'share')];
  if (truth !== null) {
    const verdict = truth === first.label ? 'right' : 'wrong';
    said.push(paragraph(word(verdict, { label: truth }), verdict));
  }
  by('verdict').replaceChildren(...said);
  by('verdict').classList.toggle('unsure', unsure);
  by('bars').replaceChildren(...order.map((index) => bar(page.classes[index], scores[index])));
  by('bars').hidden = false;
}

/** Shows what the network was given, and how long it all took in milliseconds. */
export function showInput(pixels, { height, width }, times) {
  draw(by('input'), { height, width, pixels });
  by('input').ariaLabel = word('seenAlt');
  by('seen-text').textContent = word('seen', { height, width });
  by('took').textContent = word('took', times);
  by('seen').hidden = false;
}

function reason(unsure) {
  const precision = percent(unsure.precision);
  if (unsure.below === null) return word('unsureAlways', { precision });
  return word('unsureWhy', { limit: limit(unsure.below), precision });
}

function bar(label, share) {
  const item = document.createElement('li');
  const name = document.createElement('span');
  const value = document.createElement('span');
  const track = document.createElement('div');
  name.textContent = label;
  value.textContent = percent(share);
  track.className = 'track';
  track.ariaHidden = 'true';
  track.style.setProperty('--share', share);
  item.append(name, value, track);
  return item;
}

function paragraph(text, name = '') {
  const element = document.createElement('p');
  element.textContent = text;
  if (name) element.className = name;
  return element;
}
