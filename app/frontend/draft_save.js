// Saves what an editor holds a moment after the last change, and says what is wrong with it.
//
// The box that the editor is drawn in: data-url, data-seen (what was last saved), data-csrf and
// data-may-change. Somebody else's newer version is overwritten only by who is asked and says so.

import { sayMeanwhile } from './meanwhile.js';

const AFTER = 1_200; // milliseconds after a change
const AGAIN = 10_000; // milliseconds after a failure

function sayProblems(problems) {
  const list = document.querySelector('[data-problems]');
  const lines = problems.map(({ where, says, severity }) => {
    const line = document.createElement('li');
    const word = document.createElement('b');
    word.textContent = severity === 'error' ? 'Put right: ' : 'Look at this: ';
    line.append(word, where ? `${where}: ${says}` : says);
    return line;
  });
  if (!lines.length) {
    const line = document.createElement('li');
    line.textContent = 'Nothing.';
    lines.push(line);
  }
  list.replaceChildren(...lines);
}

/** What the page holds of the file. */
export function bodyOf() {
  return JSON.parse(document.querySelector('[data-body]').textContent);
}

/** Returns a function to call after each change; read() gives the file's text, or a promise of it. */
export function savesFrom(box, read) {
  const status = document.querySelector('[data-saved]');
  let timer = null;
  let busy = false;
  let dirty = false;
  let over = false; // somebody else has saved
  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  };

  function keepMine(theirs) {
    box.dataset.seen = theirs;
    over = false;
    later(0);
  }

  async function send() {
    if (over) return;
    if (busy) return later(AFTER);
    busy = true;
    dirty = false;
    try {
      const answer = await fetch(box.dataset.url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': box.dataset.csrf },
        body: JSON.stringify({ body: await read(), seen: box.dataset.seen }),
      });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) {
        box.dataset.seen = told.seen;
        sayProblems(told.problems);
        status.textContent = dirty ? 'Saving…' : 'Saved in the draft.';
      } else if (told.seen) {
        dirty = over = true;
        sayMeanwhile(status, () => keepMine(told.seen));
      } else if (answer.status === 409) {
        dirty = true;
        status.textContent = 'Not saved: the draft is not worked on any more. Its overview says why.';
      } else {
        dirty = true;
        status.textContent = 'Not saved: this cannot be read as it is. Take the last change back.';
      }
    } catch {
      dirty = true;
      status.textContent = 'Not saved yet. We will try again.';
      later(AGAIN);
    }
    busy = false;
  }

  addEventListener('beforeunload', (event) => {
    if (dirty || busy) event.preventDefault();
  });
  return () => {
    if (box.dataset.mayChange !== 'yes') return;
    dirty = true;
    if (over) return;
    status.textContent = 'Saving…';
    later(AFTER);
  };
}
