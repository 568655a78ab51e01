// Requests to our own server: with the token of the page, and errors in words.

const token = () => document.querySelector('input[name="csrf_token"]').value;

/** Send something; returns the Response. Throws an Error with a sentence, .status and .seen, if told. */
export async function ask(address, body, { method = 'POST', headers = {}, signal, type = 'application/xml' } = {}) {
  const answer = await fetch(address, {
    method, body, signal, redirect: 'manual',
    headers: { 'Content-Type': type, 'X-CSRFToken': token(), ...headers },
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const said = told.error ?? 'You may be signed out. Sign in in a new tab; what you drew stays here.';
  throw Object.assign(new Error(said), { status: answer.status, seen: told.seen });
}

export async function xmlOf(modeler) {
  return (await modeler.saveXML({ format: true })).xml;
}

/** make('p', { className: 'x' }, 'words', child): an element with what stands in it. */
export function make(name, settings = {}, ...inside) {
  const made = Object.assign(document.createElement(name), settings);
  made.append(...inside.filter((part) => part !== null && part !== undefined));
  return made;
}
