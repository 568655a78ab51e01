// Whether this page's person is still signed in. Typing and pages keep a session alive; before one
// ends for want of either, the page says so and offers to stay. Nothing typed here goes with it.

import { timeWords } from './clock.js';

const WARN_BEFORE = 600; // seconds before the end
const KEY = 'pr-seen'; // when any page of ours last heard from the server, in milliseconds

let here = Date.now(); // for browsers that keep no storage

/** The server has just answered as to a person who is signed in: the time starts anew. */
export function seen() {
  here = Date.now();
  try { localStorage.setItem(KEY, String(here)); } catch { /* this page knows it */ }
}

function lastSeen() {
  try { return Math.max(here, Number(localStorage.getItem(KEY))); } catch { return here; }
}

/**
 * Ask whether the same person is signed in, perhaps anew in another tab, and take over what a form
 * must carry. Returns 'here', 'out', or 'other' when it is somebody else; throws without an answer.
 */
export async function renew() {
  const answer = await fetch('/signed-in', { redirect: 'manual', cache: 'no-store' });
  if (answer.type === 'opaqueredirect') return 'out';
  if (!answer.ok) throw new Error(String(answer.status));
  const { user, token } = await answer.json();
  if (user !== document.body.dataset.user) return 'other';
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
  seen();
  return 'here';
}

export function warnBeforeSignOut() {
  const lasts = Number(document.body.dataset.signedInFor); // seconds
  const region = document.querySelector('[data-stay]');
  if (!lasts || !region) return;
  seen();
  const title = document.title;
  const before = Math.min(WARN_BEFORE, lasts / 2);
  let shown = '';

  function show(state, words, button) {
    if (shown === state) return;
    shown = state;
    document.title = state ? `Signed out soon: ${title}` : title;
    region.replaceChildren();
    if (!words) return;
    region.append(Object.assign(document.createElement('p'), { textContent: words }));
    if (!button) return;
    const stay = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Stay signed in', className: 'govuk-button govuk-button--secondary pr-button--flat' });
    stay.addEventListener('click', () => renew().then(check, () => {}));
    region.append(stay);
  }

  function check() {
    const idle = (Date.now() - lastSeen()) / 1000;
    if (idle >= lasts) show('out', 'You were signed out, because nothing was done here for a long time. What you typed stays on this page: sign in in a new tab, then go on here.');
    else if (idle >= lasts - before) show('soon', `You will be signed out at ${timeWords(lastSeen() + lasts * 1000)}, because nothing was done here for a long time.`, true);
    else show('');
  }
  setInterval(check, 1000 * Math.min(20, lasts / 20));
}
