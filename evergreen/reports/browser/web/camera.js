// A photo from the computer's camera, in a dialog.
const by = (id) => document.getElementById(id);

/** Shows the camera until a photo is taken or the dialog is closed; returns a PNG, or null. */
export async function photograph() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const [dialog, video] = [by('camera'), by('video')];
  video.srcObject = stream;
  dialog.showModal();
  try {
    return (await pressed(dialog)) ? await frame(video) : null;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    dialog.close();
  }
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
