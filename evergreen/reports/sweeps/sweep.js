'use strict';
// A table that sorts, and a trial that is shown everywhere at once. Without this, the page reads as it stands.
const table = document.getElementById('table');
const named = [...document.querySelectorAll('.named')];
for (const note of document.querySelectorAll('.needs-script')) note.hidden = false;

function compare(one, other) {
  const a = one.dataset.key, b = other.dataset.key;
  const numbers = a !== '' && b !== '' && !isNaN(a) && !isNaN(b);
  return numbers ? a - b : a.localeCompare(b, undefined, {numeric: true});
}

function sort(head, column) {
  const down = head.getAttribute('aria-sort') === 'ascending';
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => {
    const a = one.cells[column], b = other.cells[column];
    const empty = (a.dataset.key === '') - (b.dataset.key === '');
    return empty || (down ? compare(b, a) : compare(a, b));
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  table.tBodies[0].append(...rows);
}

[...table.tHead.rows[0].cells].forEach((head, column) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = head.textContent;
  button.addEventListener('click', () => sort(head, column));
  head.replaceChildren(button);
});

function show(event) {
  const found = event.target.closest && event.target.closest('[data-trial]');
  for (const one of document.querySelectorAll('.on')) one.classList.remove('on');
  for (const line of named) {
    const text = found ? found.dataset.name : line.dataset.best;
    line.textContent = text.charAt(0).toUpperCase() + text.slice(1);
  }
  if (!found) return;
  for (const one of document.querySelectorAll(`[data-trial="${found.dataset.trial}"]`)) one.classList.add('on');
}

document.addEventListener('pointerover', show);
document.addEventListener('click', show);
