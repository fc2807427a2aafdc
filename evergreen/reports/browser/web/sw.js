// Serves the page from this device once it was opened here, also without a network. Before this stands PAGE: a version,
// a digest of all files, and which files there are. Another version is another text of this file: the browser then
// installs it, which fetches every file anew, and drops what the earlier one kept. So no page is of two versions.
const prefix = `evergreen ${self.registration.scope} `;
const name = prefix + PAGE.version;
const uses = new URL(self.location.href).searchParams.get('uses'); // what runs the model on this device

const PATIENCE = 3000; // ms
const PAGES = ['./', 'index.html'].map((file) => new URL(file, self.registration.scope).pathname);
let foreign = false; // another page is at this address now

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
  if (foreign) return fetch(request);
  const { pathname } = new URL(request.url);
  const isPage = request.mode === 'navigate' && PAGES.includes(pathname);
  const kept = await (await caches.open(name)).match(request, { ignoreSearch: isPage });
  if (!kept) return fetch(request);
  if (!isPage) return kept;
  const now = await Promise.race([fetch(request, { cache: 'no-cache' }).catch(() => null), patience()]);
  if (!now || now.status >= 500 || (await isOurs(now.clone()))) return kept;
  foreign = true;
  await caches.delete(name);
  await self.registration.unregister();
  return now;
}

/** Whether an answer for the page is one of Evergreen's: at 127.0.0.1:8000 another program may be next. */
async function isOurs(response) {
  return (await response.text()).includes('<meta name="generator" content="Evergreen">');
}

/** A network that does not answer soon is none. */
function patience() {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
}
