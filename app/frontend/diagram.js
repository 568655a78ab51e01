// Draws a procedure's diagram and lays over it what is known about a case, or about all cases.
//
// Each <script type="application/json" data-diagram> inside a .pr-diagram__view says what to draw:
//   xml     address of the BPMN file
//   done    { element id: [1, 7] }   passed, with its places in the order of happening ([] = unnumbered)
//   flows   [sequence flow id, …]    taken; if absent, those that can have been taken only
//   now     [{ element, label }]     where the case is, with who or what it waits for
//   counts  [{ element, name, open, late, heat }]   cases at each step; heat 0 to 3
//   differs { element id: 'added' }  from another version: added, removed, changed or moved
//   focus   element id to open at (default: the first `now`);  scale  to open with (default 0.8)
//   whole   true: open with all of it in view, unless its texts could not be read then
// The same facts stand as text on the page; the server writes that.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { drawKnown } from './diagram_known.js';
import { opener, steer } from './diagram_view.js';

const textRenderer = {
  defaultStyle: { fontFamily: '"Source Sans 3", sans-serif', fontSize: 13 },
  externalStyle: { fontSize: 12 },
};

async function draw(script) {
  const known = JSON.parse(script.textContent);
  const view = script.closest('.pr-diagram__view');
  const container = view.querySelector('.pr-diagram__canvas');
  const waiting = container.querySelector('.pr-diagram__wait');
  try {
    const answer = await fetch(known.xml, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`${known.xml}: ${answer.status}`);
    // The page scrolls under the wheel; see steer() for zooming.
    const viewer = new NavigatedViewer({ container, textRenderer, zoomScroll: { enabled: false } });
    await viewer.importXML(await answer.text());
    waiting?.remove();
    // One picture with one name; its single words and numbers are told by the text.
    const picture = container.querySelector('.djs-container > svg');
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', container.dataset.label);
    container.querySelector('.djs-overlay-container').setAttribute('aria-hidden', 'true');
    drawKnown(viewer, known);
    const open = opener(viewer, container, known);
    open();
    steer(viewer, container, view.querySelector('.pr-diagram__tools'), open);
  } catch (problem) {
    console.error(problem);
    if (waiting) waiting.textContent = 'The diagram cannot be shown. What it tells stands in the text below it.';
  }
  view.dataset.drawn = '1';
}

// Text is measured while a diagram is drawn: in another face it would leave its boxes.
await document.fonts.load('13px "Source Sans 3"').catch(() => {});
await Promise.all([...document.querySelectorAll('script[data-diagram]')].map(draw));
