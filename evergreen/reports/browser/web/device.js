// What runs the model on this very device: how large, how fast, whether it is kept; and what this address turns off.
import { hasCamera } from './camera.js';
import { canBeKept } from './offline.js';
import { count, megabytes, milliseconds, seconds, word } from './words.js';

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
 * @returns {{timed: (pixels: Uint8Array) => Promise<Float32Array>, kept: (state: string, reason?: string) => void}} the
 *   model's answers, whose times the section shows; and told of what became of keeping the page.
 */
export function showDevice(page, model, began) {
  const times = [];
  const timed = async (pixels) => {
    const { scores } = await model;
    const start = performance.now();
    const found = await scores(pixels);
    times.push(performance.now() - start);
    if (times.length > KEPT) times.shift();
    write('speed', word('speedText', { median: milliseconds(middle(times)), count: count(times.length) }));
    return found;
  };
  model.then(
    ({ model: { proof, bytes }, backend, failures }) => {
      const ready = seconds(performance.now() - began);
      write('engine', `${backend} (${proof.format})`);
      write('size', word('sizeText', { model: megabytes(bytes), all: megabytes(fetched()), seconds: ready }));
      write('fallback', failures.join('; '));
      by('measure').hidden = false;
      by('measure').addEventListener('click', () => measured(timed, page.image));
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
  return { timed, kept };
}

/** Has the model answer for a black picture several times. */
async function measured(timed, { height, width }) {
  by('measure').disabled = true;
  const pixels = new Uint8Array(height * width * 3);
  for (let turn = 0; turn < MEASURED; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    await timed(pixels);
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
