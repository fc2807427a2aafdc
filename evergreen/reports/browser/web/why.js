// Why it said so: the heat map of the picture that was asked, made on demand by asking the same model again and again.
import { draw } from './answer.js';
import { ACROSS, coloured, cutOut, gridsOf, heatOf, hidden, meanColour, seenPart, thirdOf, verdictOf } from './occlusion.js';
import { count, percent, points, seconds, word } from './words.js';

const by = (id) => document.getElementById(id);
const PATIENCE = 10_000; // ms; a finer grid that would end later is not begun: the button offers it
const UNBROKEN = 24; // ms for which asking may hold the thread; an answer that takes longer holds it for its own time
const REDRAWN = 200; // ms between two drawings
const WIDEST = 3; // a picture that is longer by its height, or higher, is shown as if it were not
const WHERE = [
  ['atTopLeft', 'atTop', 'atTopRight'],
  ['atLeft', 'atMiddle', 'atRight'],
  ['atBottomLeft', 'atBottom', 'atBottomRight'],
];

/**
 * Sets up the part of the page that says why.
 * @param {object} page of page.json: classes and image are read.
 * @param {(pixels: Uint8Array) => Promise<Float32Array>} ask the model.
 * @returns {{about: (answered: object) => void, stop: () => Promise<void>, forget: () => Promise<void>}} about() takes the
 *   picture that was answered (picture: its size as given; pixels: the network's; scores; listed: places of the listed
 *   classes, likeliest first; took: milliseconds of the answer) and offers the button; stop() ends asking, and resolves
 *   when the model is free; forget() hides all of it, too.
 */
export function explaining(page, ask) {
  let it = null; // what is known of the picture that is shown
  let running = Promise.resolve();

  by('why-ask').addEventListener('click', () => {
    if (it.asking) stop();
    else if (it.grids.length) running = look(it);
    else {
      by('why-found').hidden = !by('why-found').hidden;
      tell(it);
    }
  });
  for (const id of ['why-class', 'why-colours']) by(id).addEventListener('change', () => show(it, page));

  function about({ picture, pixels, scores, listed, took }) {
    const part = seenPart(picture, page.image);
    it = { part, pixels, listed, scores, took, asking: false, asks: 0, spent: 0, failure: null };
    it.colour = meanColour(pixels, page.image.width, part);
    hideBy(it, ACROSS[0]);
    by('why-class').replaceChildren(...listed.map((index) => new Option(page.classes[index])));
    by('why-colours').checked = true;
    by('why-map').style.setProperty('--ratio', Math.min(WIDEST, Math.max(1 / WIDEST, part.ratio)));
    by('why-found').hidden = true;
    by('why').hidden = false;
    tell(it);
  }

  async function look(mine) {
    Object.assign(mine, { asking: true, failure: null });
    by('why-found').hidden = false;
    tell(mine);
    show(mine, page);
    try {
      await asked(mine, page, ask);
    } catch (error) {
      mine.failure = error;
    }
    mine.asking = false;
    if (mine !== it) return;
    show(mine, page);
    tell(mine);
  }

  async function stop() {
    if (it) it.asking = false;
    await running;
  }

  async function forget() {
    by('why').hidden = true;
    const earlier = it;
    it = null;
    if (earlier) earlier.asking = false;
    await running;
  }

  return { about, stop, forget };
}

/** Begins with patches of which so many lie beside each other. */
function hideBy(mine, across) {
  mine.across = across;
  mine.grids = gridsOf(mine.part, across); // what is left to hide, coarsest first
  mine.size = mine.grids[0][0];
  mine.places = []; // what was hidden, and by how much each listed class's probability dropped
  mine.drops = mine.listed.map(() => []);
}

/**
 * Asks for grid after grid, until it is told to stop or nothing is left. The first of them is asked for whatever it takes;
 * another one only if it fits into the patience, and no longer than that.
 */
async function asked(mine, page, ask) {
  const began = performance.now();
  const late = (more) => performance.now() - began + more > PATIENCE;
  const rest = resting(() => mine.asking && show(mine, page));
  for (let first = true; mine.grids.length; first = false) {
    const grid = mine.grids[0];
    if (!first && late(grid.length * mine.took)) return;
    while (grid.length) {
      await rest();
      if (!mine.asking || (!first && late(0))) return;
      await askedOnce(mine, grid, page, ask);
    }
    mine.grids.shift();
    const larger = ACROSS[ACROSS.indexOf(mine.across) + 1];
    if (larger && verdictOf(mine.scores[mine.listed[0]], mine.drops[0]).kind === 'none') hideBy(mine, larger);
  }
}

/** Returns what gives the thread back to the page now and then, and draws before it does, more seldom. */
function resting(drawing) {
  let [free, drawn] = [performance.now(), 0];
  return async () => {
    const now = performance.now();
    if (now - free < UNBROKEN) return;
    if (now - drawn > REDRAWN) {
      drawing();
      drawn = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve));
    free = performance.now();
  };
}

async function askedOnce(mine, grid, page, ask) {
  const start = performance.now();
  const scores = await ask(hidden(mine.pixels, page.image.width, grid[0], mine.colour));
  mine.places.push(grid.shift());
  mine.listed.forEach((index, at) => mine.drops[at].push(mine.scores[index] - scores[index]));
  mine.spent += performance.now() - start;
  mine.took = mine.spent / ++mine.asks;
}

/** Shows what is known so far. */
function show(mine, page) {
  const chosen = by('why-class').selectedIndex;
  const [drops, probability] = [mine.drops[chosen], mine.scores[mine.listed[chosen]]];
  const label = page.classes[mine.listed[chosen]];
  const found = verdictOf(probability, drops);
  const heat = heatOf(mine.part, mine.places, drops);
  const most = heat.reduce((so, value) => Math.max(so, Math.abs(value)), found.least);
  const plain = found.kind === 'none' || !by('why-colours').checked;
  const words = inWords(mine, found, { label, probability, drops });
  const { height, width } = mine.part;
  const pixels = by('why-colours').checked
    ? coloured(mine.pixels, page.image.width, mine.part, plain ? heat.fill(0) : heat, most)
    : cutOut(mine.pixels, page.image.width, mine.part);
  draw(by('why-map'), { height, width, pixels });
  by('why-map').ariaLabel = word('whyMap', { label, found: words });
  by('why-scale').hidden = plain;
  by('why-rise').textContent = word('whyRise', { change: points(most) });
  by('why-drop').textContent = word('whyDrop', { change: points(most) });
  say('why-text', mine.asking ? word('whyAsking') : words); // a screen reader hears the beginning and the end alone
  const [asked, left] = [mine.asks, mine.grids[0]?.length ?? 0];
  by('why-progress').value = asked / (asked + left);
  const time = { count: count(asked), total: count(asked + left), seconds: seconds(Math.max(100, mine.spent)) };
  by('why-asked').textContent = mine.asking
    ? word('whyAskedOf', time)
    : word('whyAsked', { ...time, height: mine.size.height, width: mine.size.width });
}

/** What the button does now. */
function tell(mine) {
  const left = mine.grids[0]?.length ?? 0;
  const open = !by('why-found').hidden;
  const state = mine.asking ? 'asking' : left && mine.asks ? 'finer' : left || !open ? 'idle' : 'finest';
  const key = { asking: 'whyStop', finer: 'whyFiner', idle: 'whyAsk', finest: 'whyHide' }[state];
  by('why').dataset.state = state;
  by('why-ask').textContent = word(key, { count: count(left), seconds: seconds(Math.max(100, left * mine.took)) });
  by('why-ask').ariaExpanded = String(open);
  by('why-progress').hidden = state !== 'asking';
}

function inWords({ part, places, failure }, { kind, least, place }, { label, probability, drops }) {
  if (failure) return word('failed', { reason: failure.message });
  if (kind === 'none') return word('whyNone', { label, least: points(least), count: count(places.length) });
  const [row, column] = thirdOf(places[place], part);
  const [before, after] = [probability, Math.max(0, probability - drops[place])].map(percent);
  const values = { label, before, after, where: word(WHERE[row][column]), count: count(places.length) };
  return word(kind === 'for' ? 'whyFor' : 'whyAgainst', values);
}

/** Sets a text that is read out, if it is another one. */
function say(name, text) {
  if (by(name).textContent !== text) by(name).textContent = text;
}
