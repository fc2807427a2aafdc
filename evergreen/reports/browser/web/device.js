// What runs the model on this very device: how large, how fast, whether it is kept; and what this address turns off.
import { hasCamera } from './camera.js';
import { canBeKept } from './offline.js';
import { count, megabytes, word } from './words.js';

const by = (id) => document.getElementById(id);
const KEPT = 200; // answers that the median is taken of
const MEASURED = 20;
let invitation = null; // the browser's offer to install the page

window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  invitation = event;
  by('install').hidden = false;
});

/**
 * Fills the section as soon as the model is there.
 * @param {object} page of page.json.
 * @param {Promise<object>} model as loaded() gives it.
 * @param {number} began when loading it began, in milliseconds.
 * @returns {{took: (ms: number) => void, kept: (state: string, reason?: string) => void}} told of each answer's time in
 *   the model, and of what became of keeping the page.
 */
export function showDevice(page, model, began) {
  const times = [];
  const median = () => write('speed', word('speedText', { median: milliseconds(middle(times)), count: count(times.length) }));
  const took = (ms) => {
    times.push(ms);
    if (times.length > KEPT) times.shift();
    median();
  };
  model.then(
    ({ model: { proof, bytes }, backend, scores, failures }) => {
      const seconds = ((performance.now() - began) / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
      write('engine', `${backend} (${proof.format})`);
      write('size', word('sizeText', { model: megabytes(bytes), all: megabytes(fetched()), seconds }));
      write('fallback', failures.join('; '));
      by('measure').hidden = false;
      by('measure').addEventListener('click', () => measured(scores, page.image, took));
    },
    () => {},
  );
  write('kept', canBeKept() ? word('keeping') : word('notKept'));
  write('off', isSecureContext ? '' : word(hasCamera() ? 'offSome' : 'offAll'));
  by('install').addEventListener('click', async () => {
    by('install').hidden = true;
    await invitation.prompt();
  });
  by('device').hidden = false;
  const kept = (state, reason) => {
    if (state !== 'newer') write('kept', state === 'kept' ? word('kept') : word('keptFailed', { reason }));
  };
  return { took, kept };
}

/** Has the model answer for a black picture several times. */
async function measured(scores, { height, width }, took) {
  by('measure').disabled = true;
  const pixels = new Uint8Array(height * width * 3);
  for (let turn = 0; turn < MEASURED; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    const start = performance.now();
    await scores(pixels);
    took(performance.now() - start);
  }
  by('measure').disabled = false;
}

/** How many bytes of the page and the model came, from the network or from what this device kept. */
function fetched() {
  const entries = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')];
  return entries.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
}

/** Writes a row's text; a row without one is not shown. */
function write(name, text) {
  const meaning = by(`device-${name}`);
  meaning.textContent = text;
  meaning.hidden = meaning.previousElementSibling.hidden = !text;
}

function middle(times) {
  return [...times].sort((a, b) => a - b)[times.length >> 1];
}

function milliseconds(ms) {
  return ms.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 });
}
