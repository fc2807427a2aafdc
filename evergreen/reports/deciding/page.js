// One picture at a time: a person says what it is. What the server says is text, and is shown as text.

import { hardEdged, showAlike } from './alike.js';
import { meant } from './keys.js';

const HEADER = 'X-Evergreen-Token';
const FEW = 12; // classes up to which nothing is to be searched
const at = (id) => document.getElementById(id);
const token = takeToken();

let state = null;
let place = 0;
let busy = false;
const later = new Set(); // digests that are seen and left open
const done = []; // digests that this tab decided, the last one last
const pictures = new Map(); // digest -> promise of an address

/** Take the token out of the address, where it would stay in the history, and keep it for a reload of this tab. */
function takeToken() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(HEADER, given);
    history.replaceState(null, '', location.pathname);
  }
  return given || sessionStorage.getItem(HEADER) || '';
}

async function ask(path, said) {
  const options = { headers: { [HEADER]: token }, cache: 'no-store' };
  if (said) {
    options.method = 'POST';
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(said);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error('The server does not answer: it was ended in the terminal. What you decided before is written.');
  }
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}

/** Show what went wrong, or nothing. */
function trouble(error) {
  at('trouble').hidden = !error;
  at('trouble').textContent = error ? error.message : '';
}

const question = () => state.questions[place];
const open = (one) => !one.decision;
const quoted = (one) => (one.labels.length ? one.labels.join(' and ') : 'no label');
const inWords = (decision) =>
  ({ keep: 'kept as it is', relabel: `is ${decision.class}`, 'leave out': 'left out' })[decision.decision];

function pictureOf(digest) {
  if (!pictures.has(digest)) {
    const address = ask(`api/image/${digest}`).then(async (answer) => URL.createObjectURL(await answer.blob()));
    address.catch(() => pictures.delete(digest));
    pictures.set(digest, address);
    for (const old of [...pictures.keys()].slice(0, -8)) {
      pictures.get(old).then((one) => URL.revokeObjectURL(one), () => {});
      pictures.delete(old);
    }
  }
  return pictures.get(digest);
}

const smallOne = async (digest) => URL.createObjectURL(await (await ask(`api/small/${digest}`)).blob());

async function showPicture(one) {
  const image = at('picture');
  image.hidden = true;
  image.removeAttribute('src');
  at('no-picture').hidden = false;
  at('no-picture').textContent = 'Loading the picture…';
  try {
    const address = await pictureOf(one.sha256);
    if (one !== question()) return;
    image.src = address;
    await image.decode();
    if (one !== question()) return;
    image.alt = `The picture ${one.path}`;
    hardEdged(image);
    image.hidden = false;
    at('no-picture').hidden = true;
  } catch (error) {
    if (one !== question()) return;
    at('no-picture').textContent = `The picture cannot be shown: ${error.message}`;
  }
  await showAlike(at('alike'), one, smallOne, () => one === question());
  if (one !== question()) return;
  const next = state.questions.slice(place + 1).find(open);
  if (next) pictureOf(next.sha256).catch(() => {});
}

function fact(name, text, strong) {
  const term = document.createElement('dt');
  const words = document.createElement('dd');
  term.textContent = name;
  words.textContent = text;
  words.classList.toggle('strong', Boolean(strong));
  at('facts').append(term, words);
}

function showProgress() {
  const count = state.questions.filter((one) => !open(one)).length;
  at('progress').max = state.questions.length || 1;
  at('progress').value = count;
  at('progress-words').textContent = `${count} of ${state.questions.length} decided`;
}

function showClasses(one) {
  const wanted = at('filter').value.trim().toLowerCase();
  // Of many, what is likely stands first: it might be out of sight.
  const likely = (each) => (one.suggested === each.name ? 2 : one.labels.includes(each.name) ? 1 : 0);
  const order = state.classes.length > FEW ? state.classes.toSorted((a, b) => likely(b) - likely(a)) : state.classes;
  const buttons = order
    .filter((each) => each.name.toLowerCase().includes(wanted))
    .map((each) => {
      const button = document.createElement('button');
      button.type = 'button';
      const key = document.createElement('kbd');
      key.textContent = each.key.toUpperCase();
      if (each.key) button.setAttribute('aria-keyshortcuts', each.key);
      const name = document.createElement('span');
      name.textContent = each.name;
      const notes = [];
      if (one.labels.includes(each.name)) notes.push(one.labels.length > 1 ? 'one of its labels' : 'its label');
      if (one.suggested === each.name) notes.push('suggested');
      button.classList.toggle('suggested', one.suggested === each.name);
      button.append(...(each.key ? [key] : []), name);
      if (notes.length) {
        const note = document.createElement('small');
        note.textContent = notes.join(', ');
        button.append(' ', note);
      }
      button.addEventListener('click', () => choose(each.name));
      return button;
    });
  at('classes').replaceChildren(...buttons);
  if (!buttons.length) at('classes').textContent = 'No class is called so.';
}

function show(focus) {
  showProgress();
  const one = question();
  at('question').hidden = !one;
  at('end').hidden = Boolean(one);
  if (!one) return showEnd(focus);
  at('heading').textContent = `${place + 1} of ${state.questions.length}: ${one.heading}`;
  at('facts').replaceChildren();
  fact(one.labels.length > 1 ? 'Labels' : 'Label', quoted(one), true);
  if (one.suggested) fact('Suggested', one.suggested, true);
  if (one.confidence !== null) fact('How sure', `${Math.round(one.confidence * 100)} %`);
  for (const reason of one.reasons) fact('Why', reason);
  if (one.labels.length && !one.lookalikes.length) fact('Looks like', 'not known: it was not compared with others');
  fact('File', one.path);
  at('decided').hidden = open(one);
  at('decided').textContent = one.decision ? `Decided: ${inWords(one.decision)}. You may decide otherwise.` : '';
  at('keep').hidden = one.labels.length > 1; // two labels cannot both be kept
  at('keep').querySelector('span').textContent = one.labels.length ? `Keep ${one.labels[0]}` : 'Leave it without a label';
  at('undo').disabled = !done.length;
  at('back').disabled = place === 0;
  at('filter').value = '';
  at('find').hidden = state.classes.length <= FEW;
  showClasses(one);
  showPicture(one);
  if (focus) at('heading').focus();
}

function showEnd(focus) {
  const left = state.questions.filter(open).length;
  at('end-heading').textContent = left ? `${left} left for later` : 'Everything is decided';
  if (!state.questions.length) at('end-heading').textContent = 'There is nothing to decide';
  at('end-words').textContent = `${state.questions.length - left} of ${state.questions.length} pictures are decided.`;
  at('again').hidden = !left;
  at('end-undo').hidden = !done.length;
  if (focus) at('end-heading').focus();
}

/** Say to whoever does not see it what was done, and what comes now. */
function announce(words) {
  const one = question();
  const now = one ? `Now ${place + 1}: ${one.heading}. Label: ${quoted(one)}.` : at('end-heading').textContent;
  const hint = one && one.suggested ? ` Suggested: ${one.suggested}.` : '';
  at('said').textContent = `${words} ${now}${hint}`;
}

/** Go to the next picture that is open and was not left for later. */
function onward() {
  const after = (one, index) => index > place && open(one) && !later.has(one.sha256);
  const next = state.questions.findIndex(after);
  const any = state.questions.findIndex((one) => open(one) && !later.has(one.sha256));
  place = next >= 0 ? next : any >= 0 ? any : state.questions.length;
}

/** Do one thing at a time; what the server refuses is shown, and changes nothing here. */
async function alone(act) {
  if (busy || !state) return;
  busy = true;
  try {
    trouble(null);
    await act();
  } catch (error) {
    trouble(error);
  } finally {
    busy = false;
  }
}

function decide(decision, name) {
  const one = question();
  // Nobody decides about a picture that is not there yet; one that cannot be shown says so.
  if (!one || (at('picture').hidden && at('no-picture').textContent.startsWith('Loading'))) return;
  alone(async () => {
    const said = { sha256: one.sha256, decision, ...(name ? { class: name } : {}) };
    one.decision = (await (await ask('api/decide', said)).json()).decision;
    done.push(one.sha256);
    later.delete(one.sha256);
    onward();
    show(true);
    announce(`${one.path} ${inWords(one.decision)}.`);
  });
}

function choose(name) {
  const one = question();
  if (!one) return;
  const same = one.labels.length === 1 && one.labels[0] === name;
  decide(same ? 'keep' : 'relabel', same ? '' : name);
}

const buttons = {
  keep: () => at('keep').hidden || decide('keep'),
  'leave-out': () => decide('leave out'),
  undo: () =>
    alone(async () => {
      const digest = done.at(-1);
      if (!digest) return;
      const answer = await (await ask('api/undo', { sha256: digest })).json();
      done.pop();
      place = state.questions.findIndex((one) => one.sha256 === digest);
      question().decision = answer.decision;
      show(true);
      announce('Taken back.');
    }),
  later: () =>
    alone(async () => {
      if (!question()) return;
      if (open(question())) later.add(question().sha256);
      onward();
      show(true);
      announce('Left for later.');
    }),
  back: () =>
    alone(async () => {
      if (place === 0) return;
      place -= 1;
      show(true);
      announce('Back.');
    }),
};
buttons['end-undo'] = buttons.undo;
buttons.again = () =>
  alone(async () => {
    later.clear();
    place = -1;
    onward();
    show(true);
    announce('From the beginning.');
  });

async function begin() {
  if (!token) throw new Error('Open the address that the terminal shows, with all that is behind the #.');
  state = await (await ask('api/state')).json();
  at('title').textContent = `What is in these pictures? ${state.title}`;
  document.title = `Evergreen: ${state.title}`;
  at('file').textContent = state.file;
  at('who').textContent = state.who;
  at('next').textContent = state.next;
  place = -1;
  onward();
  show(false);
}

for (const [id, act] of Object.entries(buttons)) at(id).addEventListener('click', act);
at('filter').addEventListener('input', () => showClasses(question()));
document.addEventListener('keydown', (event) => {
  if (!state || !at('keys').checked) return;
  const found = meant(event, state.classes);
  if (!found) return;
  event.preventDefault();
  if (found.button) buttons[found.button]();
  else choose(found.name);
});
begin().catch(trouble);
