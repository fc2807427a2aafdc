// The nearest pictures of the class that a picture has and of the one that it may be, for a person to judge by.

const SMALL = 64; // pixels below which a picture is shown in its own

let addresses = []; // of what is shown, to be let go

/** Show the pixels of a picture that is loaded, if it is small. */
export function hardEdged(image) {
  image.classList.toggle('tiny', Math.max(image.naturalWidth, image.naturalHeight) < SMALL);
}

/**
 * Show what a picture looks like.
 * @param section the element that is hidden where nothing is known
 * @param one the question: labels, suggested, lookalikes
 * @param load digest -> promise of an address
 * @param wanted whether the question is still the one that is shown
 */
export async function showAlike(section, one, load, wanted) {
  addresses.forEach((address) => URL.revokeObjectURL(address));
  addresses = [];
  const groups = new Map();
  for (const each of one.lookalikes) groups.set(each.label, [...(groups.get(each.label) ?? []), each]);
  section.hidden = !groups.size;
  const images = [];
  const shown = [...groups].map(([label, found]) => {
    const heading = document.createElement('h4');
    const note = document.createElement('small');
    note.textContent = one.labels.includes(label) ? 'its label' : one.suggested === label ? 'suggested' : 'another class';
    heading.append(label, ' ', note);
    const list = document.createElement('ul');
    for (const each of found) {
      const item = document.createElement('li');
      const image = document.createElement('img');
      image.alt = `${each.path}, which is ${label}: ${Math.round(100 * each.similarity)} % alike`;
      image.title = image.alt;
      image.width = image.height = 96; // until it is there
      item.append(image);
      list.append(item);
      images.push([image, each]);
    }
    const group = document.createElement('div');
    group.append(heading, list);
    return group;
  });
  section.querySelector('#alike-classes').replaceChildren(...shown);
  for (const [image, each] of images) {
    if (!wanted()) return;
    try {
      const address = await load(each.sha256);
      if (!wanted()) return URL.revokeObjectURL(address);
      addresses.push(address);
      image.src = address;
      await image.decode();
      image.removeAttribute('width');
      image.removeAttribute('height');
      hardEdged(image);
    } catch (error) {
      image.replaceWith(`${each.path} cannot be shown: ${error.message}`);
    }
  }
}
