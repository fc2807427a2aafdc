// The page's address for a phone in the same network, where `evergreen web --host` serves it.
import { word } from './words.js';

const by = (id) => document.getElementById(id);

/** Shows the address and its QR code; phone.json holds null wherever the page merely lies on a web host. */
export async function showPhone() {
  let phone = null;
  try {
    phone = await (await fetch('phone.json', { cache: 'no-store' })).json();
  } catch (error) {
    console.info(`phone.json: ${error.message}`); // without a network
  }
  if (!phone) return;
  by('phone-link').href = phone.address;
  by('phone-link').textContent = phone.address;
  const code = document.createElement('img');
  code.id = 'phone-code';
  code.src = phone.code;
  code.alt = word('phoneCode');
  by('phone-place').replaceChildren(code);
  by('phone').hidden = false;
}
