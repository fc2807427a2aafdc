// The page: loads the model, takes pictures, shows answers.
import { draw, say, show, showInput } from './answer.js';
import { showCard } from './card.js';
import { listen } from './inputs.js';
import { loaded } from './model.js';
import { BadPicture, opened } from './picture.js';
import { prepared } from './resize.js';
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
say(word('loading', { size: megabytes(page.model.bytes) }));
by('progress').hidden = false;
showSamples();
showCard(page);
const progress = (share) => by('progress').setAttribute('value', share);
const wanted = new URLSearchParams(location.search).get('backend');
const model = loaded(page.model.address, page.image, progress, wanted);
listen((file) => classify(file, null), (key, values) => say(word(key, values), { trouble: true }));
await model.then(ready, (error) => failed(error, 'noModel'));

/** Answers for one picture; `truth` is its class where that is known. */
async function classify(file, truth) {
  const mine = ++newest;
  document.body.dataset.state = 'working';
  try {
    const { scores, backend } = await model;
    if (mine !== newest) return;
    say(word('working'));
    await painted();
    const began = performance.now();
    const picture = await opened(file, page.pictures);
    const pixels = prepared(picture, page.image);
    const made = performance.now();
    const probabilities = await scores(pixels);
    const ended = performance.now();
    if (mine !== newest) return;
    draw(by('picture'), picture);
    by('picture').ariaLabel = word('yourPicture');
    by('invite').hidden = true;
    show(probabilities, page, truth);
    const [total, forPicture, inModel] = [ended - began, made - began, ended - made].map((time) => count(Math.round(time)));
    showInput(pixels, page.image, { total, picture: forPicture, model: inModel, backend });
    document.body.dataset.state = 'answered';
  } catch (error) {
    if (mine === newest) failed(error, 'failed');
  }
}

function ready() {
  by('progress').hidden = true;
  if (newest > 0) return;
  say(word('ready'));
  document.body.dataset.state = 'ready';
}

function failed(error, key) {
  by('progress').hidden = true;
  const text = error instanceof BadPicture ? word(error.reason, error.values) : word(key, { reason: error.message });
  say(text, { trouble: true });
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
      classify(await (await fetch(file)).blob(), label);
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
