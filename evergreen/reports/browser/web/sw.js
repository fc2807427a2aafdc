// Serves the page from this device once it was opened here, also without a network. Before this stands PAGE: a version,
// a digest of all files, and which files there are. Another version is another text of this file: the browser then
// installs it, which fetches every file anew, and drops what the earlier one kept. So no page is of two versions.
const prefix = `evergreen ${self.registration.scope} `;
const name = prefix + PAGE.version;
const uses = new URL(self.location.href).searchParams.get('uses'); // what runs the model on this device

self.addEventListener('install', (event) => event.waitUntil(keep()));
self.addEventListener('activate', (event) => event.waitUntil(takeOver()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

/** All files that this device needs, or none: the earlier version stays until they are here. */
async function keep() {
  const { shell, ...engines } = PAGE.files;
  const files = [...shell, ...(engines[uses] ?? Object.values(engines).flat())];
  const cache = await caches.open(name);
  await cache.addAll([...new Set(files)].map((file) => new Request(file, { cache: 'no-cache' })));
  await self.skipWaiting();
}

async function takeOver() {
  for (const other of await caches.keys()) if (other.startsWith(prefix) && other !== name) await caches.delete(other);
  await self.clients.claim();
}

async function answer(request) {
  const kept = await (await caches.open(name)).match(request, { ignoreSearch: request.mode === 'navigate' });
  return kept ?? fetch(request);
}
