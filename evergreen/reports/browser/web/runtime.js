// Starts LiteRT.js from the page's own files. Its WebAssembly lies compressed beside it, whatever the web host does.

// (func (result v128) i32.const 0, i8x16.splat, ...), as in https://github.com/GoogleChromeLabs/wasm-feature-detect
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11,
];
const has = (module) => WebAssembly.validate(Uint8Array.from(module));

/** Which of LiteRT.js' files this browser can run: with relaxed SIMD, or "compat"; null without SIMD. */
export function flavour() {
  if (typeof WebAssembly !== 'object' || typeof DecompressionStream !== 'function' || !has(SIMD)) return null;
  return has(RELAXED) ? 'litert' : 'compat';
}

let running = null; // LiteRT.js starts once in a page

/**
 * Loads LiteRT.js, or returns the one that runs.
 * @param {'litert' | 'compat'} kind
 * @param {(bytes: number) => void} here told how many bytes came.
 * @returns {Promise<object>} the module @litertjs/core, ready.
 */
export function started(kind, here) {
  running ??= start(kind, here).catch((error) => {
    running = null;
    throw error;
  });
  return running;
}

async function start(kind, here) {
  const name = kind === 'litert' ? 'litert_wasm_internal' : 'litert_wasm_compat_internal';
  const litert = await import('./litert/litert.js');
  let failed;
  const trouble = new Promise((_, reject) => (failed = reject));
  const instantiateWasm = (imports, done) => {
    compiled(`litert/${name}.wasm.gz`, imports, here).then(({ instance, module }) => done(instance, module), failed);
    return {};
  };
  self.Module = { instantiateWasm }; // what @litertjs/wasm-utils hands on to Emscripten
  const base = new URL(`litert/${name}.js`, document.baseURI);
  await Promise.race([litert.loadLiteRt(base.href), trouble]);
  return litert;
}

async function compiled(address, imports, here) {
  const stream = await unpacked(await received(address), here);
  const response = new Response(stream, { headers: { 'Content-Type': 'application/wasm' } });
  return WebAssembly.instantiateStreaming(response, imports);
}

/** Fetches a file, or throws what the host said. */
export async function received(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

/** The bytes of a gzipped file; some hosts have it unpacked by the browser already, as the first bytes tell. */
async function unpacked(response, here) {
  const [begin, body] = counted(response.body, here).tee();
  const reader = begin.getReader();
  const { value } = await reader.read();
  reader.cancel();
  return value?.[0] === 0x1f && value[1] === 0x8b ? body.pipeThrough(new DecompressionStream('gzip')) : body;
}

/** A stream that tells how many bytes go through it. */
export function counted(stream, here) {
  const transform = (chunk, controller) => {
    here(chunk.byteLength);
    controller.enqueue(chunk);
  };
  return stream.pipeThrough(new TransformStream({ transform }));
}
