'use strict';
// The image behind a mark that is pointed at, tapped or reached by arrow keys. Without this, the map stands as it is.
(() => {
const data = JSON.parse(document.getElementById('map-data').textContent);
const svg = document.getElementById('map'), box = svg.parentElement;
const tip = document.getElementById('map-tip'), ring = document.getElementById('map-ring');
const chosen = document.getElementById('map-class');
const marks = [...document.getElementById('map-marks').children];
const REACH = 24;  // pixels of the screen between a mark and what points at it
let places = data.ways[data.first];
let faint = marks.map(() => false);
let current = -1;

function text(kind, name, words) {
  const part = document.createElement(kind);
  if (name) part.className = name;
  part.textContent = words;
  return part;
}

function show(at) {
  current = at;
  if (at < 0) {
    tip.hidden = true;
    ring.setAttribute('display', 'none');
    return;
  }
  const [x, y] = [places[2 * at], places[2 * at + 1]];
  ring.removeAttribute('display');
  ring.setAttribute('cx', x);
  ring.setAttribute('cy', y);
  const own = data.classes[data.truth[at]], answer = data.classes[data.answer[at]];
  const right = data.truth[at] === data.answer[at];
  const picture = document.createElement('span');
  picture.className = 'tile tile-of';
  picture.style.setProperty('--x', data.tiles[2 * at]);
  picture.style.setProperty('--y', data.tiles[2 * at + 1]);
  tip.replaceChildren(picture, text('b', '', own), document.createElement('br'), 'answered ',
    text('span', right ? 'passed' : 'failed', answer), ` ${data.percent[at]} %`, document.createElement('br'),
    text('span', 'soft', data.names[at]));
  tip.hidden = false;
  // On the side where there is more room, and always inside.
  const scale = svg.clientWidth / svg.viewBox.baseVal.width;
  const gap = 14, left = x * scale, top = y * scale;
  const across = left > box.clientWidth / 2 ? left - tip.offsetWidth - gap : left + gap;
  const down = top > svg.clientHeight / 2 ? top - tip.offsetHeight - gap : top + gap;
  tip.style.left = Math.max(0, Math.min(across, box.clientWidth - tip.offsetWidth)) + 'px';
  tip.style.top = Math.max(0, Math.min(down, svg.clientHeight - tip.offsetHeight)) + 'px';
}

function tell() {
  const words = current < 0 ? '' : `${data.classes[data.truth[current]]}, answered ` +
    `${data.classes[data.answer[current]]} ${data.percent[current]} %, ${data.names[current]}`;
  document.getElementById('map-live').textContent = words;
}

function nearest(event) {
  const area = svg.getBoundingClientRect(), scale = area.width / svg.viewBox.baseVal.width;
  const x = (event.clientX - area.left) / scale, y = (event.clientY - area.top) / scale;
  let best = -1, least = (REACH / scale) ** 2;
  for (let at = 0; at < marks.length; at++) {
    const apart = (places[2 * at] - x) ** 2 + (places[2 * at + 1] - y) ** 2;
    if (!faint[at] && apart <= least) [best, least] = [at, apart];
  }
  return best;
}

const WAYS = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

// The next mark that way: far along costs as much as half as far aside.
function next(key) {
  const [dx, dy] = WAYS[key];
  let best = -1, least = Infinity;
  for (let at = 0; at < marks.length; at++) {
    if (faint[at] || at === current) continue;
    const x = places[2 * at] - places[2 * current], y = places[2 * at + 1] - places[2 * current + 1];
    const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (along > 0 && along + 2 * aside < least) [best, least] = [at, along + 2 * aside];
  }
  return best < 0 ? current : best;
}

svg.addEventListener('pointermove', event => { if (event.pointerType !== 'touch') show(nearest(event)); });
svg.addEventListener('pointerleave', event => { if (event.pointerType !== 'touch') show(-1); });
svg.addEventListener('click', event => { show(nearest(event)); tell(); });
svg.addEventListener('keydown', event => {
  if (event.key === 'Escape') show(-1);
  else if (event.key in WAYS) show(current < 0 ? faint.lastIndexOf(false) : next(event.key));
  else return;
  event.preventDefault();
  tell();
});
svg.addEventListener('blur', () => { show(-1); tell(); });

chosen.addEventListener('change', () => {
  const one = chosen.value;
  faint = marks.map((_, at) => one === 'wrong' ? data.truth[at] === data.answer[at]
    : one !== '' && data.truth[at] !== Number(one));
  marks.forEach((mark, at) => mark.classList.toggle('faint', faint[at]));
  show(-1);
});

for (const radio of document.querySelectorAll('input[name=map-way]')) {
  radio.addEventListener('change', () => {
    places = data.ways[radio.value];
    marks.forEach((mark, at) => mark.setAttribute('transform', `translate(${places[2 * at]} ${places[2 * at + 1]})`));
    show(-1);
  });
}

svg.setAttribute('tabindex', '0');
svg.setAttribute('role', 'application');
for (const part of document.querySelectorAll('.needs-script')) if (!part.closest('#cover')) part.hidden = false;
})();
