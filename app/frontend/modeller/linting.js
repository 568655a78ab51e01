// The server's verdict on what is drawn: a badge on the element, and a list beside the canvas.

import { ask, make, xmlOf } from './asking.js';
import { write } from './fields.js';
import { titleOf } from './naming.js';

const AFTER = 250; // milliseconds after a change
const WORDS = { error: 'Error', warning: 'Look at this' };

export function lintAsYouDraw(modeler, list, page, buttons) {
  const overlays = modeler.get('overlays');
  const registry = modeler.get('elementRegistry');
  let timer = null;
  let asked = null; // the AbortController of the request that is on its way

  async function now(walks = false) {
    asked?.abort();
    const mine = (asked = new AbortController());
    list.setAttribute('aria-busy', 'true');
    if (walks) list.replaceChildren(make('p', {}, 'Made-up cases are being walked through it. This takes some seconds.'));
    try {
      const answer = await ask(page.lint + (walks ? '?walks=1' : ''), await xmlOf(modeler), { signal: mine.signal });
      show(await answer.json());
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      list.replaceChildren(make('p', {}, `It could not be checked. ${problem.message}`));
    }
    list.removeAttribute('aria-busy');
  }

  function show({ problems, elsewhere, walked, unsafe }) {
    overlays.remove({ type: 'lint' });
    badges(problems);
    const rest = elsewhere ? make('p', {}, `There are ${elsewhere} errors in other files: see the overview of the draft.`) : null;
    const fine = walked ? 'Nothing, and made-up cases walked through it well.' : 'Nothing.';
    const ids = unsafe && page.save
      ? make('p', {}, make('a', { href: page.ids }, unsafe === 1 ? 'Rename the id that is not safe' : `Rename all ${unsafe} ids that are not safe`), ': you see them before and after.')
      : null;
    list.replaceChildren(
      ...(ids ? [ids] : []),
      problems.length ? make('ul', { className: 'pr-problems' }, ...problems.map(line)) : make('p', {}, fine),
      ...(rest ? [rest] : []),
    );
    list.dataset.count = problems.length;
  }

  function badges(problems) {
    const worst = new Map();
    for (const { element, severity, message } of problems) {
      const known = worst.get(element) ?? { severity, says: [] };
      if (severity === 'error') known.severity = severity;
      known.says.push(message);
      worst.set(element, known);
    }
    for (const [id, { severity, says }] of worst) {
      const element = registry.get(id);
      if (!element || element === modeler.get('canvas').getRootElement()) continue;
      const html = make('button', { type: 'button', tabIndex: -1, className: `pr-badge pr-badge--${severity}`, title: says.join('\n'), textContent: severity === 'error' ? '!' : '?' });
      html.setAttribute('aria-label', `${WORDS[severity]}: ${says.join('; ')}`);
      html.addEventListener('click', () => select(id));
      const position = element.waypoints ? { top: -8, left: 0 } : { top: -12, right: 12 };
      overlays.add(id, 'lint', { position, html, scale: { min: 0.8, max: 1.2 } });
    }
  }

  function line({ element: id, message, severity, fix }) {
    const element = registry.get(id);
    const name = element ? titleOf(element) : id;
    const words = [make('b', {}, WORDS[severity]), ' ', name ? `${name}: ` : '', message];
    const told = element
      ? make('button', { type: 'button', className: 'pr-problems__go', onclick: () => select(id) }, ...words)
      : make('span', {}, ...words);
    const mend = fix && page.save
      ? make('button', { type: 'button', className: 'pr-problems__fix', onclick: () => write(modeler, registry.get(id) ?? modeler.get('canvas').getRootElement(), fix.do === 'executable' ? 'executable' : fix.field, fix.value, fix.was) }, fix.label)
      : null;
    return make('li', {}, told, mend);
  }

  function select(id) {
    const element = registry.get(id);
    modeler.get('selection')?.select(element);
    modeler.get('canvas').scrollToElement(element, 120);
    document.querySelector('#of-element').focus({ preventScroll: true });
  }

  modeler.get('eventBus').on('commandStack.changed', ({ trigger }) => {
    if (trigger === 'clear') return;
    clearTimeout(timer);
    timer = setTimeout(now, AFTER);
  });
  buttons.walks.addEventListener('click', () => now(true));
  now();
  return { now: () => now() };
}
