// Which key does what. A key that is held down decides once, and one with Ctrl, Alt or Meta is the browser's.

const ACTIONS = { k: 'keep', l: 'leave-out', u: 'undo', s: 'later', ArrowRight: 'later', ArrowLeft: 'back' };

/** Return the id of the button that a key presses, or {name} of a class; null of any other. */
export function meant(event, classes) {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return null;
  const at = event.target;
  if (at instanceof HTMLElement && at.matches('input:not([type=checkbox]), textarea, select')) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (Object.hasOwn(ACTIONS, key)) return { button: ACTIONS[key] };
  const found = classes.find((each) => each.key && each.key === key);
  return found ? { name: found.name } : null;
}
