// A decision table in dmn-js, saved into the draft as it is changed.

import Modeler from 'dmn-js/lib/Modeler';
import { bodyOf, savesFrom } from './draft_save.js';

const box = document.getElementById('table-editor');

/** dmn-js leaves the heading over the numbers of rows without words, which a screen reader reads. */
function nameTheNumbers() {
  for (const heading of box.querySelectorAll('th.index-column:empty')) heading.textContent = 'No.';
}

async function open() {
  const modeler = new Modeler({ container: box, height: 560 });
  const changed = savesFrom(box, async () => (await modeler.saveXML({ format: true })).xml);
  const watched = new Set();
  modeler.on('views.changed', () => {
    const viewer = modeler.getActiveViewer();
    if (!viewer || watched.has(viewer)) return;
    watched.add(viewer);
    viewer.on('elements.changed', changed);
    viewer.on('commandStack.changed', changed);
  });
  await modeler.importXML(bodyOf());
  const wanted = new URLSearchParams(location.search).get('decision');
  const tables = modeler.getViews().filter(({ type }) => type === 'decisionTable');
  const table = tables.find(({ element }) => element.id === wanted) ?? tables[0];
  if (table) await modeler.open(table);
}

if (box) {
  box.querySelector('[data-wait]').remove();
  new MutationObserver(nameTheNumbers).observe(box, { childList: true, subtree: true });
  open().catch(() => {
    box.textContent = 'This file cannot be drawn. The page in words says why.';
  });
}
