// The ways by which a picture comes: dropped, chosen, pasted, photographed.
import { hasCamera, photograph } from './camera.js';

const by = (id) => document.getElementById(id);
const byTouch = matchMedia('(pointer: coarse)').matches;

/**
 * Listens for pictures.
 * @param {{one: (file: Blob) => void, several: (files: File[]) => void, watch: () => Promise<void>}} take given what
 *   comes: a picture, several, or the wish to see the camera's answers.
 * @param {(key: string, values?: object) => void} complain given the key of a message in words.js.
 */
export function listen(take, complain) {
  for (const input of [by('file'), by('capture')]) {
    input.addEventListener('change', () => {
      if (input.files.length) given(input.files, take);
      input.value = ''; // so that the same file can be chosen again
    });
  }
  by('choose').addEventListener('click', () => by('file').click());
  dropping(take, complain);
  pasting(take, complain);
  photographing(take, complain);
}

function given(files, take, complain) {
  if (files.length > 1) take.several([...files]);
  else if (files.length) take.one(files[0]);
  else complain?.('notAPicture');
}

function dropping(take, complain) {
  const over = (event) => {
    event.preventDefault();
    by('drop').classList.toggle('over', event.type === 'dragover');
  };
  for (const name of ['dragover', 'dragleave', 'drop']) document.addEventListener(name, over);
  document.addEventListener('drop', ({ dataTransfer }) => {
    given(dataTransfer.files, take, complain);
  });
}

function pasting(take, complain) {
  document.addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData.files.length) given(clipboardData.files, take, complain);
    else complain('nothingPasted');
  });
  by('paste').hidden = !navigator.clipboard?.read;
  by('paste').addEventListener('click', async () => {
    const picture = await clipboardPicture();
    if (picture) take.one(picture);
    else complain('nothingPasted');
  });
}

/** The clipboard's picture; null if there is none, or if reading was refused. */
async function clipboardPicture() {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((name) => name.startsWith('image/'));
      if (type) return await item.getType(type);
    }
  } catch (error) {
    console.info(`clipboard: ${error.message}`);
  }
  return null;
}

/** One photo: on a phone by the camera app, elsewhere by the browser's own view of a camera. And the live view. */
function photographing(take, complain) {
  by('photograph').hidden = !byTouch && !hasCamera();
  by('live').hidden = !hasCamera();
  const trouble = (error) => complain('noCamera', { reason: error.message });
  by('photograph').addEventListener('click', async () => {
    if (byTouch) {
      by('capture').click();
      return;
    }
    try {
      const photo = await photograph();
      if (photo) take.one(photo);
    } catch (error) {
      trouble(error);
    }
  });
  by('live').addEventListener('click', () => take.watch().catch(trouble));
}
