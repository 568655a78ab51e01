// The simulation: it begins where the start can be seen and pressed, and speaks plainly.

import { inWords } from './words.js';

const SMALLEST = 0.5; // below it the simulation hides its buttons
const READABLE = 0.75;
const TOLD = 6_000; // milliseconds
const FROM_LEFT = 0.2; // of the width: where the start stands then

export function simulating(modeler, container) {
  const canvas = modeler.get('canvas');
  let before = null; // the view that the simulation took away

  function lookAtStart() {
    const start = modeler.get('elementRegistry').find(({ type, parent }) => type === 'bpmn:StartEvent' && parent.type !== 'bpmn:SubProcess');
    const { x, y, width, height, outer, scale } = canvas.viewbox();
    if (!start) return;
    const seen = start.x > x && start.y > y && start.x + start.width < x + width && start.y + start.height < y + height;
    if (seen && scale >= SMALLEST) return;
    before = { x, y, width, height };
    const size = { width: outer.width / READABLE, height: outer.height / READABLE };
    canvas.viewbox({ x: start.x - size.width * FROM_LEFT, y: start.y + (start.height - size.height) / 2, ...size });
  }

  const words = new MutationObserver(speak);
  function speak() {
    for (const one of container.querySelectorAll('[class*="bts-"][title]')) {
      const said = one.title.replace(/^Focus process instance .*/, 'Show this run alone');
      if (inWords(said) !== one.title) one.title = inWords(said);
    }
    for (const one of container.querySelectorAll('.bts-text, .bts-log .placeholder')) {
      const said = one.textContent.trim();
      if (inWords(said) !== said) one.textContent = inWords(said);
    }
    const heading = container.querySelector('.bts-log .bts-header').childNodes[2];
    if (inWords(heading.data.trim()) !== heading.data.trim()) heading.data = inWords(heading.data.trim());
  }

  modeler.get('eventBus').on('tokenSimulation.toggleMode', -500, ({ active }) => {
    if (active) {
      lookAtStart();
      words.observe(container, { childList: true, subtree: true });
      speak();
      modeler.get('notifications').showNotification({ text: 'Press the triangle at the start', ttl: TOLD });
    } else {
      words.disconnect();
      if (before) canvas.viewbox(before);
      before = null;
    }
  });
}
