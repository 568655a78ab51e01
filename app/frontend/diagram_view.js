// Which part of a diagram is in view, and how a person moves it.

const PHONE = 640; // pixels; the same as in styles/_size.scss
const READABLE = 0.75; // a diagram that fits in at this scale needs no cutting out
const FAR = 0.5; // below this the diagram's own texts are hidden
const SMALLEST = 0.2;
const LARGEST = 3;
const EDGE = 24; // diagram pixels left free round the drawing

const between = (low, value, high) => Math.max(low, Math.min(value, high));

/** One axis of the view: centred on `middle`, but never beside the drawing. */
function along(start, length, seen, middle) {
  if (seen >= length + 2 * EDGE) return start + (length - seen) / 2;
  return between(start - EDGE, middle - seen / 2, start + length + EDGE - seen);
}

function lookAt(canvas, scale, element) {
  canvas.zoom(scale);
  const { inner, width, height } = canvas.viewbox();
  canvas.viewbox({
    x: along(inner.x, inner.width, width, element.x + element.width / 2),
    y: along(inner.y, inner.height, height, element.y + element.height / 2),
    width,
    height,
  });
}

const ROUND = 40; // diagram pixels round a place for its black label and its name

/** The first place with as many of the others as are seen together at this scale. */
function together(places, scale, container) {
  const [width, height] = [container.clientWidth / scale, container.clientHeight / scale];
  return places.reduce((all, place) => {
    const [x, y] = [Math.min(all.x, place.x), Math.min(all.y, place.y)];
    const both = {
      x,
      y,
      width: Math.max(all.x + all.width, place.x + place.width) - x,
      height: Math.max(all.y + all.height, place.y + place.height) - y,
    };
    return both.width + 2 * ROUND <= width && both.height + 2 * ROUND <= height ? both : all;
  });
}

/** The function that brings a diagram to the place where it opens. */
export function opener(viewer, container, known) {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  // Cards with numbers keep their size, so that diagram may be small; any other is there to be read.
  const begins = known.counts ? undefined : registry.find(({ type }) => type === 'bpmn:StartEvent');
  const live = (known.now ?? []).map(({ element }) => registry.get(element));
  const differing = Object.keys(known.differs ?? {}).map((id) => registry.get(id)).filter((one) => one && !one.waypoints);
  const places = (known.focus ? [registry.get(known.focus)] : [...live, ...differing]).filter(Boolean);
  viewer.get('eventBus').on('canvas.viewbox.changed', ({ viewbox }) => {
    container.classList.toggle('is-far', viewbox.scale < FAR);
  });
  return function open() {
    const phone = container.clientWidth < PHONE;
    wholeInView(canvas, container);
    if (!places.length && begins && canvas.zoom() < FAR) lookAt(canvas, phone ? 0.72 : 0.6, begins);
    if (!places.length || canvas.zoom() >= READABLE || (known.whole && !phone)) return;
    const scale = phone ? 0.72 : known.scale ?? 0.8;
    lookAt(canvas, scale, together(places, scale, container));
  };
}

// A little less than all the room: the mark of bpmn.io needs a corner.
function wholeInView(canvas, container) {
  canvas.zoom('fit-viewport', 'auto');
  if (canvas.zoom() < 1) canvas.zoom(canvas.zoom() * 0.94, { x: container.clientWidth / 2, y: 0 });
}

/** Buttons, keys, wheel with Ctrl, and fingers: one moves sideways, two move and zoom. */
export function steer(viewer, container, tools, open) {
  const canvas = viewer.get('canvas');
  const zoomBy = (factor, at) => canvas.zoom(between(SMALLEST, canvas.zoom() * factor, LARGEST), at);
  const acts = { in: () => zoomBy(1.25), out: () => zoomBy(0.8), whole: () => wholeInView(canvas, container), live: open };
  tools?.addEventListener('click', (event) => acts[event.target.closest('button')?.dataset.act]?.());

  const keys = {
    '+': acts.in, '=': acts.in, '-': acts.out, 0: acts.whole,
    ArrowLeft: () => canvas.scroll({ dx: 60, dy: 0 }), ArrowRight: () => canvas.scroll({ dx: -60, dy: 0 }),
    ArrowUp: () => canvas.scroll({ dx: 0, dy: 60 }), ArrowDown: () => canvas.scroll({ dx: 0, dy: -60 }),
  };
  container.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  container.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    const box = container.getBoundingClientRect();
    zoomBy(2 ** (-event.deltaY / 300), { x: event.clientX - box.left, y: event.clientY - box.top });
  }, { passive: false });

  fingers(container, canvas, zoomBy);

  // A diagram inside a closed <details> has no size yet when it is drawn.
  let seen = container.clientWidth;
  new ResizeObserver(() => {
    const width = container.clientWidth;
    if (!width || width === seen) return;
    canvas.resized();
    if (!seen || Math.abs(width - seen) > 80) open();
    seen = width;
  }).observe(container);
}

function fingers(container, canvas, zoomBy) {
  const down = new Map(); // pointer id -> where it was last
  const middle = () => {
    const all = [...down.values()];
    return { x: all.reduce((sum, p) => sum + p.x, 0) / all.length, y: all.reduce((sum, p) => sum + p.y, 0) / all.length };
  };
  const apart = () => {
    const [a, b] = [...down.values()];
    return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  container.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch') down.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  container.addEventListener('pointermove', (event) => {
    if (!down.has(event.pointerId)) return;
    const before = middle();
    const wide = apart();
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = middle();
    canvas.scroll({ dx: after.x - before.x, dy: down.size > 1 ? after.y - before.y : 0 });
    if (wide && down.size === 2) {
      const box = container.getBoundingClientRect();
      zoomBy(apart() / wide, { x: after.x - box.left, y: after.y - box.top });
    }
  });
  for (const end of ['pointerup', 'pointercancel']) {
    container.addEventListener(end, (event) => down.delete(event.pointerId));
  }
}
