'use strict';
// A threshold that is moved: what is left of all images, and of each class. Without this, the page reads as it stands.
(() => {
const data = JSON.parse(document.getElementById('cut-data').textContent);
const cut = document.getElementById('cut');
const Z = 1.959963984540054;  // the normal distribution's two-sided 95 % quantile
const here = document.querySelector('#cover .here');
const details = document.getElementById('cut-classes').closest('details');
const rows = [...document.getElementById('cut-classes').rows].slice(1);
const total = data.images.reduce((sum, count) => sum + count, 0);

// As the page's own numbers are rounded: what is halfway goes to the even digit, and toFixed would take it up.
function percent(share) {
  const hundred = 100 * share;
  return (hundred % 1 === 0.25 ? hundred - 0.01 : hundred).toFixed(1) + ' %';
}

// Wilson 1927, without continuity correction.
function wilson(right, count) {
  const share = right / count, over = 1 + Z * Z / count;
  const middle = share + Z * Z / (2 * count);
  const half = Z * Math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count));
  const low = right === 0 ? 0 : Math.max(0, (middle - half) / over);
  return [low, right === count ? 1 : Math.min(1, (middle + half) / over)];
}

const thousands = count => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

function cells(images, answered, right) {
  const none = 'none', bounds = answered ? wilson(right, answered) : null;
  return [
    thousands(answered), percent(images ? answered / images : 0), answered ? percent(right / answered) : none,
    bounds ? percent(bounds[0]) + ' to ' + percent(bounds[1]) : none, thousands(answered - right),
    thousands(images - answered),
  ];
}

function classes(position) {
  if (!data.steps || !details.open) return;
  const answered = data.images.map(() => 0), right = data.images.map(() => 0);
  for (let at = 0; at < data.steps.length; at += 4) {
    if (data.steps[at] < position) continue;
    answered[data.steps[at + 1]] += data.steps[at + 2];
    right[data.steps[at + 1]] += data.steps[at + 3];
  }
  rows.forEach((row, index) => {
    cells(data.images[index], answered[index], right[index]).forEach((text, column) => {
      row.cells[column + 2].textContent = text;
    });
  });
  document.querySelector('.cut-now').textContent = data.thresholds[position];
}

function bold(text) {
  const part = document.createElement('b');
  part.textContent = text;
  return part;
}

function move() {
  const position = Number(cut.value), at = data.thresholds[position];
  const answered = data.answered[position], right = data.right[position];
  const [some, covered, accurate, interval, wrong, out] = cells(total, answered, right);
  const said = document.getElementById('cut-said');
  said.replaceChildren(`At ${at}: `, bold(covered), ` answered (${some} of ${thousands(total)})`);
  if (answered) said.append(', ', bold(accurate), ` of them right (${interval}), ${wrong} wrong`);
  said.append(`; ${out} left out.`);
  document.getElementById('cut-at').textContent = at;
  cut.setAttribute('aria-valuetext', `${at}: ${covered} answered` + (answered ? `, ${accurate} right` : ''));
  if (here && answered) {
    const {left, top, width, height, least} = data.frame;
    here.setAttribute('cx', left + width * answered / total);
    here.setAttribute('cy', top + height * (1 - Math.max(0, (right / answered - least) / (1 - least))));
  }
  if (here) here.style.display = answered ? '' : 'none';
  classes(position);
}

for (const part of document.querySelectorAll('#cover .needs-script')) part.hidden = false;
cut.addEventListener('input', move);
details.addEventListener('toggle', () => classes(Number(cut.value)));
const back = document.getElementById('cut-back');
if (back) back.addEventListener('click', () => { cut.value = cut.dataset.chosen; move(); });
})();
