// The ways by which a picture comes: dropped, chosen, pasted, photographed.
import { photograph } from './camera.js';

const by = (id) => document.getElementById(id);
const byTouch = matchMedia('(pointer: coarse)').matches;

/**
 * Listens for pictures.
 * @param {(file: Blob) => void} take given each picture.
 * @param {(key: string, values?: object) => void} complain given the key of a message in words.js.
 */
export function listen(take, complain) {
  for (const input of [by('file'), by('capture')]) {
    input.addEventListener('change', () => {
      if (input.files.length) take(input.files[0]);
      input.value = ''; // so that the same file can be chosen again
    });
  }
  by('choose').addEventListener('click', () => by('file').click());
  dropping(take, complain);
  pasting(take, complain);
  photographing(take, complain);
}

function dropping(take, complain) {
  const over = (event) => {
    event.preventDefault();
    by('drop').classList.toggle('over', event.type === 'dragover');
  };
  for (const name of ['dragover', 'dragleave', 'drop']) document.addEventListener(name, over);
  document.addEventListener('drop', ({ dataTransfer }) => {
    if (dataTransfer.files.length) take(dataTransfer.files[0]);
    else complain('notAPicture');
  });
}

function pasting(take, complain) {
  document.addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData.files.length) take(clipboardData.files[0]);
    else complain('nothingPasted');
  });
  by('paste').hidden = !navigator.clipboard?.read;
  by('paste').addEventListener('click', async () => {
    const picture = await clipboardPicture();
    if (picture) take(picture);
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

/** On a phone, the camera app; elsewhere, the browser's own view of a camera. */
function photographing(take, complain) {
  by('photograph').hidden = !byTouch && !navigator.mediaDevices?.getUserMedia;
  by('photograph').addEventListener('click', async () => {
    if (byTouch) {
      by('capture').click();
      return;
    }
    try {
      const photo = await photograph();
      if (photo) take(photo);
    } catch (error) {
      complain('noCamera', { reason: error.message });
    }
  });
}
