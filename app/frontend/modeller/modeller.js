// The modeller of a draft's diagram. <script data-page> says where everything is:
//   xml, save (null: to look only), lint, tidy, defects, evaluate, known, ids   addresses
//   seen   what the page knows to be saved, in one word;  today   2026-11-26
// What an element may be given is in fields.js; how it is shown, in panel.js.

import Modeler from 'bpmn-js/lib/Modeler';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import minimap from 'diagram-js-minimap';
import simulation from 'bpmn-js-token-simulation';
import watching from 'bpmn-js-token-simulation/lib/viewer';
import camunda from 'camunda-bpmn-moddle/resources/camunda.json';
import { vocabulary } from './choices.js';
import { fitting } from './fitting.js';
import { lintAsYouDraw } from './linting.js';
import { showPanel } from './panel.js';
import { autosave } from './saving.js';
import { simulating } from './simulating.js';
import { tidying } from './tidying.js';
import { plainWords } from './words.js';

const SMALLEST = 0.2;
const LARGEST = 4;
const textRenderer = {
  defaultStyle: { fontFamily: '"Source Sans 3", sans-serif', fontSize: 13 },
  externalStyle: { fontSize: 12 },
};

// A letter typed beside a field must not switch the simulation on; its buttons do all that its keys do.
const noKeys = { tokenSimulationKeyboardBindings: ['value', null] };

const section = document.querySelector('[data-modeller]');
const page = JSON.parse(section.querySelector('[data-page]').textContent);
const container = section.querySelector('[data-canvas]');
const buttons = Object.fromEntries([...section.querySelectorAll('[data-act]')].map((b) => [b.dataset.act, b]));

function make() {
  const options = { container, textRenderer, moddleExtensions: { camunda } };
  if (!page.save) return new NavigatedViewer({ ...options, additionalModules: [minimap, watching, plainWords] });
  return new Modeler({ ...options, additionalModules: [minimap, simulation, vocabulary, plainWords, noKeys] });
}

function steer(modeler, fit) {
  const canvas = modeler.get('canvas');
  const zoom = (factor) => canvas.zoom(Math.max(SMALLEST, Math.min(canvas.zoom() * factor, LARGEST)));
  const press = (name, on) => buttons[name].setAttribute('aria-pressed', String(on));
  const acts = {
    undo: () => modeler.get('commandStack').undo(),
    redo: () => modeler.get('commandStack').redo(),
    in: () => zoom(1.25),
    out: () => zoom(0.8),
    whole: fit,
    map: () => modeler.get('minimap').toggle(),
    simulate: () => modeler.get('toggleMode').toggleMode(),
  };
  for (const [name, act] of Object.entries(acts)) buttons[name]?.addEventListener('click', act);
  const bus = modeler.get('eventBus');
  bus.on('minimap.toggle', ({ open }) => press('map', open));
  bus.on('tokenSimulation.toggleMode', ({ active }) => press('simulate', active));
  bus.on('commandStack.changed', () => {
    if (!buttons.undo) return;
    buttons.undo.disabled = !modeler.get('commandStack').canUndo();
    buttons.redo.disabled = !modeler.get('commandStack').canRedo();
  });
}

async function open() {
  // Text is measured while a diagram is drawn: in another face it would leave its boxes.
  await document.fonts.load('13px "Source Sans 3"').catch(() => {});
  const [xml, known] = await Promise.all([
    fetch(page.xml).then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(page.xml)))),
    fetch(page.known).then((answer) => (answer.ok ? answer.json() : {})),
  ]);
  const modeler = make();
  await modeler.importXML(xml);
  container.querySelectorAll('.djs-palette .entry').forEach((entry) => { entry.title = entry.getAttribute('aria-label'); });
  container.querySelector('.pr-diagram__wait')?.remove();
  const fit = fitting(modeler, container);
  fit();
  steer(modeler, fit);
  simulating(modeler, container, section.querySelector('[data-told]'));
  showPanel(modeler, section.querySelector('[data-panel]'), page, known);
  const saving = page.save && autosave(modeler, page, section.querySelector('[data-saved]'));
  const lint = lintAsYouDraw(modeler, section.querySelector('[data-problems]'), page, buttons);
  tidying(modeler, section, page, buttons, () => { fit(); saving.later(); lint.now(); });
  const named = modeler.get('elementRegistry').get(location.hash.slice(1)); // lint's links name one
  if (named) {
    modeler.get('selection').select(named);
    modeler.get('canvas').scrollToElement(named, 120);
  }
}

try {
  if (container.clientWidth) await open(); // on a phone the page says what to do instead
} catch (problem) {
  console.error(problem);
  const said = 'The diagram cannot be drawn. Change it as a table, or download it, put it right and bring it in again.';
  container.replaceChildren(Object.assign(document.createElement('p'), { className: 'pr-diagram__wait', textContent: said }));
}
section.dataset.drawn = '1';
