// “Tidy the drawing”: the server lays it out again, the page shows it and asks. And what is not good
// to look at, in words.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { ask, make, xmlOf } from './asking.js';

export function tidying(modeler, section, page, buttons, changed) {
  const dialog = section.querySelector('[data-ask]');
  const preview = section.querySelector('[data-preview]');
  const told = section.querySelector('[data-told]'); // apart from the list of lint, which comes and goes
  let viewer = null;

  const say = (...parts) => told.replaceChildren(...parts);

  async function tidy() {
    buttons.tidy.disabled = true;
    buttons.tidy.textContent = 'Drawing anew';
    try {
      const old = await xmlOf(modeler);
      const fresh = await (await ask(page.tidy, old)).text();
      if (await wanted(fresh)) await use(fresh, old);
    } catch (problem) {
      say(make('p', {}, problem.message));
    }
    buttons.tidy.disabled = false;
    buttons.tidy.textContent = 'Tidy the drawing';
  }

  async function wanted(xml) {
    dialog.returnValue = '';
    dialog.showModal();
    viewer ??= new NavigatedViewer({ container: preview });
    await viewer.importXML(xml);
    viewer.get('canvas').zoom('fit-viewport', 'auto');
    return new Promise((answer) => {
      dialog.addEventListener('close', () => answer(dialog.returnValue === 'yes'), { once: true });
    });
  }

  async function use(xml, old) {
    await modeler.importXML(xml);
    changed();
    section.querySelector('[data-old]')?.remove();
    if (!old) return;
    const back = make('button', { type: 'button' }, 'Put the old drawing back');
    back.dataset.old = '1';
    back.addEventListener('click', () => use(old, null));
    buttons.tidy.after(back);
    modeler.get('eventBus').once('commandStack.changed', () => modeler.get('commandStack').canUndo() && back.remove());
  }

  async function defects() {
    say(make('p', {}, 'The drawing is being looked at.'));
    try {
      const { defects: found } = await (await ask(page.defects, await xmlOf(modeler))).json();
      say(make('p', {}, found.length ? 'Not good to look at:' : 'The drawing has no defects.'),
        make('ul', { className: 'pr-problems' }, ...found.map(({ what, where }) => make('li', {}, make('b', {}, what), ` ${where}`))));
    } catch (problem) {
      say(make('p', {}, problem.message));
    }
  }

  dialog.addEventListener('click', (event) => {
    const answer = event.target.closest('[data-answer]')?.dataset.answer;
    if (answer) dialog.close(answer);
  });
  buttons.tidy?.addEventListener('click', tidy);
  buttons.defects.addEventListener('click', defects);
}
