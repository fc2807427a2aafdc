// Keeps the page on this device, where the browser lets a page do so: over https, or from this very machine.

/**
 * Registers the service worker.
 * @param {string} uses what runs the model here: which files are kept.
 * @param {(state: 'kept' | 'failed' | 'newer', reason?: string) => void} tell
 *   kept: it opens without a network; newer: a newer page is here, and this one is of an earlier version.
 */
export async function keepOffline(uses, tell) {
  if (!canBeKept()) return;
  const earlier = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (earlier) tell('newer');
  });
  try {
    const found = await navigator.serviceWorker.register(`sw.js?uses=${uses}`, { updateViaCache: 'none' });
    const worker = found.installing ?? found.waiting;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'redundant' && !found.active) tell('failed', 'sw.js');
    });
    await navigator.serviceWorker.ready;
    tell('kept');
  } catch (error) {
    tell('failed', error.message);
  }
}

/** Whether this browser can keep pages, and may keep this one. */
export function canBeKept() {
  return isSecureContext && 'serviceWorker' in navigator && 'caches' in window;
}
