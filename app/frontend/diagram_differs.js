// What differs from another version: a colour, and on every element that is no arrow a word, beside
// the names that are there.

const DIFFERENCES = { added: 'New', removed: 'Gone', changed: 'Changed', moved: 'Moved' };
const SIZE = { width: 92, height: 28 }; // diagram pixels that a word takes, at the scale a page opens with
const IN = 12; // diagram pixels by which a word reaches over the end of an edge
const COST = { label: 10, shape: 3, line: 1 }; // of lying on one

// Where a word may stand, the best first: a point of the element, as shares of its width and height with
// some pixels more, and how much of the word lies left of that point and above it.
const PLACES = [
  { at: [0, 0], more: -IN / 2, back: 0, up: 1 }, { at: [1, 0], more: -IN, back: 0, up: 1 }, { at: [0, 0], more: IN, back: 1, up: 1 },
  { at: [0, 1], more: -IN / 2, back: 0, up: 0 }, { at: [1, 1], more: -IN, back: 0, up: 0 }, { at: [0, 1], more: IN, back: 1, up: 0 },
  { at: [0, 0.5], more: 0, back: 1, up: 0.5 }, { at: [1, 0.5], more: 0, back: 0, up: 0.5 },
];

const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The boxes round the single stretches of an arrow. */
function stretches({ waypoints }) {
  return waypoints.slice(1).map((to, i) => ({
    x: Math.min(to.x, waypoints[i].x), y: Math.min(to.y, waypoints[i].y),
    width: Math.abs(to.x - waypoints[i].x) + 1, height: Math.abs(to.y - waypoints[i].y) + 1,
  }));
}

/** What a word should not lie on: boxes with what each costs. */
function obstacles(elements) {
  const all = elements.filter(({ type, children, hidden }) => !hidden && !/:(Lane|Participant|Process|Collaboration)$/.test(type) && !children?.some((one) => !one.labelTarget));
  return all.flatMap((one) => {
    if (one.waypoints) return stretches(one).map((box) => ({ ...box, cost: COST.line }));
    return [{ x: one.x, y: one.y, width: one.width, height: one.height, cost: one.labelTarget ? COST.label : COST.shape, of: one }];
  });
}

/** A place with its box: the one that lies on least. */
function freest(element, taken) {
  const boxes = PLACES.map((place) => {
    const left = element.width * place.at[0] + place.more;
    const top = element.height * place.at[1];
    const box = { x: element.x + left - place.back * SIZE.width, y: element.y + top - place.up * SIZE.height, ...SIZE };
    const cost = taken.filter((other) => other.of !== element && meet(box, other)).reduce((sum, other) => sum + other.cost, 0);
    return { place, box, position: { left, top }, cost };
  });
  return boxes.reduce((best, one) => (one.cost < best.cost ? one : best));
}

export function drawDifferences(viewer, differences) {
  const registry = viewer.get('elementRegistry');
  const taken = obstacles(registry);
  for (const [id, how] of Object.entries(differences ?? {})) {
    const element = registry.get(id);
    if (!element) continue;
    viewer.get('canvas').addMarker(id, `pr-differs-${how}`);
    if (element.waypoints) continue;
    const { place, box, position } = freest(element, taken);
    taken.push({ ...box, cost: COST.label });
    const html = Object.assign(document.createElement('div'), { className: `pr-differs pr-differs--${how}` });
    html.append(Object.assign(document.createElement('span'), { textContent: DIFFERENCES[how] }));
    html.style.setProperty('transform', `translate(${-100 * place.back}%, ${-100 * place.up}%)`);
    viewer.get('overlays').add(id, { position, scale: { min: 0.75, max: 1.1 }, html });
  }
}
