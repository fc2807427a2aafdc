// The page: loads the model, takes pictures, shows answers.
import { draw, MOST, say, show, showInput } from './answer.js';
import { live } from './camera.js';
import { showCard } from './card.js';
import { showDevice } from './device.js';
import { listen } from './inputs.js';
import { loaded } from './model.js';
import { keepOffline } from './offline.js';
import { BadPicture, opened } from './picture.js';
import { showPhone } from './phone.js';
import { prepared } from './resize.js';
import { likeliest } from './scores.js';
import { answerAll } from './several.js';
import { explaining } from './why.js';
import { count, megabytes, translate, word } from './words.js';

const by = (id) => document.getElementById(id);
const page = await (await fetch('page.json', { cache: 'no-cache' })).json();
let newest = 0; // a later picture overtakes an earlier one

translate();
document.title = page.title;
by('title').textContent = page.title;
by('lead').textContent = word('lead', { count: count(page.classes.length) });
if (page.caution) by('caution').textContent = word(page.caution.kind, { run: page.run });
by('caution').hidden = !page.caution;
say(word('loading', { size: megabytes(page.models[0].bytes + page.models[0].engine_bytes) }));
by('progress').hidden = false;
showSamples();
showPhone();
const progress = (share) => by('progress').setAttribute('value', share);
const wanted = new URLSearchParams(location.search).get('backend');
const began = performance.now();
const model = loaded(page.models, page.image, progress, wanted);
model.catch(() => {}); // told below, and by whoever waits for it
const device = showDevice(page, model, began);
const reasons = explaining(page, async (pixels) => (await model).scores(pixels));
listen({ one: (file) => classify(file, null), several, watch }, complain);
await model.then(ready, (error) => failed(error, 'noModel'));

/** Answers for one picture; `truth` is its class where that is known. */
async function classify(file, truth) {
  const mine = ++newest;
  document.body.dataset.state = 'working';
  try {
    await reasons.forget();
    const { backend } = await model;
    if (mine !== newest) return;
    by('several').hidden = true;
    say(word('working'));
    await painted();
    const start = performance.now();
    const picture = await opened(file, page.pictures);
    const pixels = prepared(picture, page.image);
    const made = performance.now();
    const probabilities = await device.timed(pixels);
    const ended = performance.now();
    if (mine !== newest) return;
    draw(by('picture'), picture);
    by('picture').ariaLabel = word('yourPicture');
    by('invite').hidden = true;
    show(probabilities, page, truth);
    const [total, forPicture, inModel] = [ended - start, made - start, ended - made].map((time) => count(Math.round(time)));
    showInput(pixels, page.image, { total, picture: forPicture, model: inModel, backend });
    const { height, width } = picture;
    const listed = likeliest(probabilities, MOST);
    reasons.about({ picture: { height, width }, pixels, scores: probabilities, listed, took: ended - made });
    document.body.dataset.state = 'answered';
  } catch (error) {
    if (mine === newest) failed(error, 'failed');
  }
}

/** Answers for several pictures, one after another, until another picture comes. */
async function several(files) {
  const mine = ++newest;
  document.body.dataset.state = 'working';
  try {
    await reasons.forget();
    await model;
    if (mine !== newest) return;
    say(word('severalBelow'));
    by('picture').hidden = true;
    by('invite').hidden = false;
    await answerAll(files, page, device.timed, { painted, overtaken: () => mine !== newest, why });
    if (mine === newest) document.body.dataset.state = 'answered';
  } catch (error) {
    if (mine === newest) failed(error, 'failed');
  }
}

/** Answers for what the camera shows, again and again, until its dialog is closed. */
async function watch() {
  ++newest;
  await reasons.stop();
  await model;
  await live((picture) => device.timed(prepared(picture, page.image)), page);
}

function ready({ uses, model: chosen }) {
  by('progress').hidden = true;
  showCard(page, chosen);
  keepOffline(uses, (state, reason) => {
    device.kept(state, reason);
    if (state !== 'newer') return;
    if (newest === 0) location.reload();
    else by('newer').hidden = false;
  });
  by('reload').addEventListener('click', () => location.reload());
  if (newest > 0) return;
  say(word('ready'));
  document.body.dataset.state = 'ready';
}

/** An error in words of the page. */
function why(error, key) {
  return error instanceof BadPicture ? word(error.reason, error.values) : word(key, { reason: error.message });
}

function complain(key, values) {
  reasons.forget(); // what is said now takes the answer's place
  say(word(key, values), { trouble: true });
}

function failed(error, key) {
  if (key === 'noModel') showCard(page, page.models[0]);
  by('progress').hidden = true;
  say(why(error, key), { trouble: true });
  document.body.dataset.state = 'failed';
}

function showSamples() {
  for (const { file, label } of page.samples) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    const image = document.createElement('img');
    const name = document.createElement('span');
    button.type = 'button';
    button.ariaLabel = word('sample', { label });
    button.addEventListener('click', async () => {
      const response = await fetch(file);
      if (!response.ok) failed(new Error(`${file}: ${response.status}`), 'failed');
      else classify(await response.blob(), label);
      by('answer').scrollIntoView({ block: 'nearest' });
    });
    image.src = file;
    image.alt = '';
    image.loading = 'lazy';
    image.addEventListener('load', () => image.classList.toggle('small', image.naturalWidth < 96));
    name.textContent = label;
    button.append(image, name);
    item.append(button);
    by('sample-list').append(item);
  }
  by('samples-heading').textContent = word('samples', { split: word(page.card.judged.split) });
  by('samples').hidden = page.samples.length === 0;
}

/** Resolves after the next paint, so that "looking" is seen before the model holds the thread. */
function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
