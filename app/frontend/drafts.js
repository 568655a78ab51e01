// Nothing typed is lost: <form data-draft-url="…"> sends what changed, two seconds after the last
// change and when the page is left, and says so in its [data-draft-status] (role=status). With
// data-draft-whole it sends everything, so that what two pages of one form hold is never mixed.
// Without this file "Save and close" does the same.

import { timeWords } from './clock.js';
import { renew, seen } from './session.js';

const AFTER = 2_000; // milliseconds after a change
const AGAIN_AFTER = [5_000, 15_000, 60_000]; // milliseconds after a failure; 15 s while signed out
const KEPT_ALIVE = 60_000; // characters; browsers refuse to keep larger requests alive
const NOT_SAVED = 'Not saved yet. We will try again.';
const SIGNED_OUT = { // what renew() found
  out: 'You are signed out. Sign in in a new tab; your text stays here.',
  other: 'Somebody else is signed in now. Sign in as yourself in a new tab; your text stays here.',
};

/** The form's own answers by name; a name whose boxes are all unticked has an empty list. */
function answersOf(form) {
  const answers = new Map();
  const data = new FormData(form);
  for (const input of form.querySelectorAll('input[name], select[name], textarea[name]')) {
    const ours = input.type === 'file' || input.name === 'csrf_token' || input.name.startsWith('pr_');
    if (!ours && !input.disabled) answers.set(input.name, data.getAll(input.name));
  }
  return answers;
}

/** After an answer that was no “saved”: whether somebody is signed in; see renew(). */
async function signedIn(refused) {
  if (refused?.type !== 'opaqueredirect' && refused?.status !== 400) return '';
  return renew().catch(() => '');
}

function keep(form) {
  const status = form.querySelector('[data-draft-status]') ?? document.querySelector('[data-draft-status]');
  // A form that came back with errors holds what no draft has seen, so nothing counts as saved.
  const fresh = document.querySelector('.govuk-error-summary') ? [] : answersOf(form);
  const saved = new Map([...fresh].map(([name, texts]) => [name, JSON.stringify(texts)]));
  let timer = null;
  let failures = 0;
  let before = ''; // what renew() found the last time
  const sending = new Set(); // an AbortController for each request that is on its way
  let over = false; // the form itself has been sent

  const say = (words) => {
    if (status && status.textContent !== words) status.textContent = words;
  };
  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  };
  const changes = () => [...answersOf(form)].filter(([name, texts]) => saved.get(name) !== JSON.stringify(texts));

  async function save(leaving = false) {
    clearTimeout(timer);
    const changed = changes();
    if (over || !changed.length) return;
    if (sending.size && !leaving) { // one after the other, so that the newer words win
      later(AFTER);
      return;
    }
    const body = new URLSearchParams();
    const token = form.querySelector('input[name="csrf_token"]');
    if (token) body.append('csrf_token', token.value);
    for (const [name, texts] of 'draftWhole' in form.dataset ? answersOf(form) : changed) {
      (texts.length ? texts : ['']).forEach((text) => body.append(name, text));
      saved.set(name, JSON.stringify(texts)); // on its way: leaving the page need not send it again
    }
    const request = new AbortController();
    sending.add(request);
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: 'POST', body, redirect: 'manual', signal: request.signal,
        keepalive: String(body).length < KEPT_ALIVE, // finishes though the page is gone
      });
      if (!answer.ok) throw answer;
      seen();
      failures = 0;
      before = '';
      say(`Draft saved at ${timeWords(new Date())}`);
    } catch (refused) {
      changed.forEach(([name]) => saved.delete(name));
      if (over) return;
      const found = await signedIn(refused);
      if (over) return;
      say(SIGNED_OUT[found] ?? NOT_SAVED);
      // Signed in again meanwhile: the page has what it needs to be saved, and sent, at once.
      const renewed = found === 'here' && before !== 'here';
      later(renewed ? 0 : AGAIN_AFTER[Math.min(failures, found ? 1 : AGAIN_AFTER.length - 1)]);
      before = found;
      failures += 1;
    } finally {
      sending.delete(request);
    }
  }

  for (const event of ['input', 'change']) form.addEventListener(event, () => later(AFTER));
  // A draft that arrives after the form itself would come back to life.
  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    over = true;
    sending.forEach((request) => request.abort());
  });
  addEventListener('pageshow', (event) => { if (event.persisted) over = false; });
  addEventListener('pagehide', () => save(true));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save(true);
    else if (failures) save(); // back from signing in
  });
}

/** Keep a draft of every form that has somewhere to keep it. */
export function start(root) {
  root.querySelectorAll('form[data-draft-url]').forEach(keep);
}

if (typeof document !== 'undefined') start(document);
