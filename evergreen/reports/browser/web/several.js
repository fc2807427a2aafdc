// Several pictures at once: a row each, and a CSV of all of them.
import { csvOf } from './csv.js';
import { opened } from './picture.js';
import { prepared } from './resize.js';
import { isUnsure, likeliest } from './scores.js';
import { count, percent, word } from './words.js';

const by = (id) => document.getElementById(id);
const LEAST_LABEL = 8; // of rows whose file is told to a screen reader one by one it would never end
let address = null; // of the CSV that can be fetched now

/**
 * Answers for files one after another; a row is shown as soon as it is known.
 * @param {File[]} files
 * @param {object} page of page.json.
 * @param {(pixels: Uint8Array) => Promise<Float32Array>} scores
 * @param {{painted: () => Promise<void>, overtaken: () => boolean, why: (error: Error, key: string) => string}} how
 */
export async function answerAll(files, page, scores, { painted, overtaken, why }) {
  const rows = [];
  by('rows').replaceChildren();
  by('csv').hidden = true;
  by('several').hidden = false;
  by('several').scrollIntoView({ block: 'nearest' });
  for (const file of files) {
    say(rows.length, files.length);
    await painted();
    if (overtaken()) break;
    const row = await answered(file, page, scores, why);
    rows.push(row);
    by('rows').append(rowOf(row, page));
  }
  say(rows.length, files.length, rows.filter(({ error }) => error).length);
  offer(csvOf(rows, page));
}

async function answered(file, page, scores, why) {
  try {
    const picture = await opened(file, page.pictures);
    return { image: file.name, scores: await scores(prepared(picture, page.image)), error: '' };
  } catch (error) {
    return { image: file.name, scores: null, error: why(error, 'failed') };
  }
}

function rowOf({ image, scores, error }, page) {
  const row = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = image;
  row.append(name);
  if (error) {
    row.append(cell(error, 'trouble', 2));
    return row;
  }
  const [best] = likeliest(scores);
  const unsure = isUnsure(scores, page);
  row.append(cell(unsure ? `${page.classes[best]} (${word('unsure')})` : page.classes[best], unsure ? 'unsure' : ''));
  row.append(cell(percent(scores[best]), 'share'));
  return row;
}

function cell(text, name, columns = 1) {
  const element = document.createElement('td');
  element.textContent = text;
  element.colSpan = columns;
  if (name) element.className = name;
  return element;
}

function say(done, total, bad = 0) {
  if (done > 0 && done < total && done % LEAST_LABEL) return;
  const words = [word('severalDone', { done: count(done), total: count(total) })];
  if (bad) words.push(word('severalBad', { bad: count(bad) }));
  by('several-state').textContent = words.join(' ');
}

function offer(text) {
  if (address) URL.revokeObjectURL(address);
  address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  by('csv').href = address;
  by('csv').hidden = false;
}
