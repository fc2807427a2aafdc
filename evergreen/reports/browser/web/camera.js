// The computer's or the phone's camera, in a dialog: one photo, or answers for what it shows.
import { rgbOf } from './picture.js';
import { isUnsure, likeliest } from './scores.js';
import { percent, word } from './words.js';

const by = (id) => document.getElementById(id);

/** Whether this browser has a camera for this page: over https, or from this very machine. */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Shows the camera until a photo is taken or the dialog is closed; returns a PNG, or null. */
export async function photograph() {
  return withCamera('photograph', true, async (dialog, video) => ((await pressed(dialog)) ? frame(video) : null));
}

/**
 * Shows the camera with the answer for what it sees, until the dialog is closed.
 * @param {(picture: {height: number, width: number, pixels: Uint8Array}) => Promise<Float32Array>} scores
 * @param {object} page of page.json.
 */
export async function live(scores, page) {
  return withCamera('live', false, async (dialog, video) => {
    let open = true;
    const closed = pressed(dialog).then(() => (open = false));
    let told = '';
    while (open) {
      await Promise.race([closed, drawn(video)]);
      if (!open || !video.videoWidth) continue;
      const found = await scores(rgbOf(video, video.videoWidth, video.videoHeight));
      const [best] = likeliest(found);
      const label = isUnsure(found, page) ? `${word('unsure')}: ${page.classes[best]}` : page.classes[best];
      if (label !== told) by('live-label').textContent = told = label; // a screen reader hears what is new alone
      by('live-share').textContent = percent(found[best]);
    }
  });
}

async function withCamera(title, shoots, use) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const [dialog, video] = [by('camera'), by('video')];
  by('camera-heading').textContent = word(title);
  by('shoot').hidden = !shoots;
  by('live-answer').hidden = shoots;
  by('cancel').textContent = word(shoots ? 'cancel' : 'stop');
  by('live-label').textContent = by('live-share').textContent = '';
  video.srcObject = stream;
  dialog.showModal();
  try {
    return await use(dialog, video);
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    dialog.close();
  }
}

/** Resolves with the next picture of the camera, after the page was painted. */
function drawn(video) {
  const next = (resolve) =>
    video.requestVideoFrameCallback ? video.requestVideoFrameCallback(resolve) : requestAnimationFrame(resolve);
  return new Promise(next).then(() => new Promise((resolve) => setTimeout(resolve)));
}

/** Whether the photo was taken; false if the dialog was closed, also by Escape. */
function pressed(dialog) {
  return new Promise((resolve) => {
    by('shoot').onclick = () => resolve(true);
    by('cancel').onclick = () => resolve(false);
    dialog.oncancel = () => resolve(false);
  });
}

function frame(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}
