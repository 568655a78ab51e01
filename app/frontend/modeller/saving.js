// Saves the draft a moment after each change, and says so. Nobody saves over what somebody else did
// without being asked.

import { sayMeanwhile } from '../meanwhile.js';
import { ask, xmlOf } from './asking.js';

const AFTER = 1_200; // milliseconds after a change
const AGAIN = 8_000; // milliseconds after a failure

export function autosave(modeler, page, status) {
  let { seen } = page;
  let timer = null;
  let sending = false;
  let dirty = false;
  let over = false; // somebody else has saved

  const say = (words, state) => {
    status.textContent = words;
    status.dataset.state = state;
  };
  const later = (delay = AFTER) => {
    dirty = true;
    if (over) return;
    say('Not saved yet', 'waiting');
    clearTimeout(timer);
    timer = setTimeout(() => save(), delay);
  };

  function keepMine(theirs) {
    seen = theirs;
    over = false;
    save('Saved in the place of theirs');
  }

  async function save(done = 'Saved') {
    if (sending || over) return;
    sending = true;
    dirty = false;
    say('Saving', 'saving');
    try {
      const answer = await ask(page.save, await xmlOf(modeler), { method: 'PUT', headers: { 'X-Seen': seen } });
      ({ seen } = await answer.json());
      if (!dirty) say(done, 'saved');
    } catch (problem) {
      dirty = true;
      over = Boolean(problem.seen);
      say(`Not saved. ${problem.message}`, 'failed');
      if (over) sayMeanwhile(status, () => keepMine(problem.seen));
    }
    sending = false;
    if (dirty && !over) later(status.dataset.state === 'failed' ? AGAIN : AFTER);
  }

  modeler.get('eventBus').on('commandStack.changed', ({ trigger }) => trigger !== 'clear' && later());
  window.addEventListener('beforeunload', (event) => { if (dirty || sending) event.preventDefault(); });
  return { later };
}
