// What is known, laid over a drawn diagram: passed, live, and how many cases stand where.

import { drawDifferences } from './diagram_differs.js';

const make = (name, text = '', className = '') =>
  Object.assign(document.createElement(name), { textContent: text, className });

/** What was passed inside an opened subprocess also passed into that. */
function withParents(elements, ids) {
  const all = new Set(ids);
  for (const id of ids) {
    for (let up = elements.get(id).parent; up?.type === 'bpmn:SubProcess'; up = up.parent) all.add(up.id);
  }
  return all;
}

/** Flows that must have been taken: the only way from one passed element to another. */
function certainFlows(elements, passed) {
  const flows = elements.filter((element) => element.type === 'bpmn:SequenceFlow');
  return flows.filter(({ source, target }) => {
    if (!passed.has(source.id) || !passed.has(target.id)) return false;
    const ways = source.outgoing.filter((flow) => passed.has(flow.target?.id));
    const leftByEvent = source.attachers?.some((event) => passed.has(event.id));
    return ways.length === 1 && !leftByEvent;
  }).map((flow) => flow.id);
}

/** Whether an event sits on the lower edge; its name then stands below it. */
function hasEventBelow(element) {
  const middle = element.y + element.height / 2;
  return element.attachers?.some((event) => event.y + event.height / 2 > middle);
}

/** The black label stands below; above and to the left where an event sits on the lower edge. */
function flag(element, label) {
  const eventBelow = hasEventBelow(element);
  const place = element.type.endsWith('Event') ? { top: -34 } : eventBelow ? { top: -20 } : { bottom: -6 };
  const html = make('div', label, eventBelow ? 'pr-flag pr-flag--left' : 'pr-flag');
  return { position: { ...place, left: element.width / 2 }, html };
}

/** How many are here: on the lower edge, or on the upper left corner where a name stands below. */
function card({ open, late, name }, element) {
  const above = hasEventBelow(element);
  const html = make('div', '', above ? 'pr-count pr-count--corner' : 'pr-count');
  html.append(make('b', open));
  if (late) html.append(make('em', `${late} late`));
  html.append(make('span', name));
  return { position: above ? { top: 0, left: 0 } : { bottom: 0, left: element.width / 2 }, html, scale: false };
}

const GAP = 3; // pixels between two cards

/** Push cards down until none covers another. Those of tasks keep their places: they come first. */
function spread(cards) {
  cards.forEach((html) => html.style.removeProperty('margin-top'));
  const placed = [];
  for (const html of cards) {
    const { left, right, top, height } = html.getBoundingClientRect();
    const near = placed.filter((other) => other.left < right && other.right > left).sort((a, b) => a.top - b.top);
    const free = near.reduce((at, other) => (other.top < at + height && other.bottom > at ? other.bottom + GAP : at), top);
    if (free > top) html.style.setProperty('margin-top', `${free - top}px`);
    placed.push({ left, right, top: free, bottom: free + height });
  }
}

const small = (element) => /Gateway|Event/.test(element.type);

export function drawKnown(viewer, known) {
  drawDifferences(viewer, known.differs);
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const elements = viewer.get('elementRegistry');
  const put = (id, overlay) => overlays.add(id, { scale: { min: 0.75, max: 1.1 }, ...overlay });

  const done = Object.entries(known.done ?? {}).filter(([id]) => elements.get(id));
  const now = (known.now ?? []).filter(({ element }) => elements.get(element));
  const passed = [...done.map(([id]) => id), ...now.map(({ element }) => element)];
  const flows = known.flows ?? certainFlows(elements, withParents(elements, passed));

  for (const id of flows) if (elements.get(id)) canvas.addMarker(id, 'pr-done');
  for (const [id, numbers] of done) {
    if (!now.some(({ element }) => element === id)) canvas.addMarker(id, 'pr-done');
    if (numbers.length) put(id, { position: { top: -13, left: -13 }, html: make('div', numbers.join(', '), 'pr-step') });
  }
  for (const { element: id, label } of now) {
    const element = elements.get(id);
    canvas.addMarker(id, 'pr-live');
    if (element.children?.length) canvas.addMarker(id, 'pr-live--open');
    if (label) put(id, flag(element, label));
  }
  const cards = [];
  const counts = (known.counts ?? []).map((count) => ({ count, element: elements.get(count.element) }));
  const tasksFirst = counts.filter(({ element }) => element).sort((a, b) => small(a.element) - small(b.element));
  for (const { count, element } of tasksFirst) {
    if (count.heat) canvas.addMarker(element.id, `pr-heat-${count.heat}`);
    const overlay = card(count, element);
    overlays.add(element.id, overlay);
    cards.push(overlay.html);
  }
  if (cards.length) {
    let due;
    viewer.get('eventBus').on('canvas.viewbox.changed', () => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(() => spread(cards));
    });
  }
}
