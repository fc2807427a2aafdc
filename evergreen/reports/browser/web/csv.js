// Answers as `evergreen predict --csv` writes them: the same columns, the same cells.
// evergreen/reports/predictions.py, write_csv
import { isUnsure, likeliest } from './scores.js';

const TOP = 3;
const FORMULA = ['=', '+', '-', '@', '\t', '\r', '\n']; // what a spreadsheet takes a cell for that begins so

/**
 * @param {{image: string, scores: Float32Array | null, error: string}[]} rows
 * @param {{classes: string[], unsure: {below: number | null} | null}} page of page.json.
 * @returns {string} CSV, one row a picture.
 */
export function csvOf(rows, page) {
  const top = Math.min(TOP, page.classes.length);
  const more = Array.from({ length: top - 1 }, (_, index) => [`label_${index + 2}`, `probability_${index + 2}`]).flat();
  const lines = [['image', 'label', 'probability', 'unsure', 'truth', 'error', ...more]];
  for (const { image, scores, error } of rows) {
    const order = scores ? likeliest(scores, top) : [];
    const cells = order.flatMap((index) => [inert(page.classes[index], "'"), scores[index].toFixed(6)]);
    const [label = '', probability = '', ...others] = cells;
    const unsure = scores && page.unsure ? (isUnsure(scores, page) ? 'yes' : 'no') : '';
    const rest = [...others, ...Array(more.length - others.length).fill('')];
    lines.push([inert(image, './'), label, probability, unsure, '', inert(error, "'"), ...rest]);
  }
  return lines.map((line) => `${line.map(quoted).join(',')}\n`).join('');
}

function inert(text, mark) {
  return FORMULA.some((first) => text.startsWith(first)) ? mark + text : text;
}

function quoted(cell) {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
