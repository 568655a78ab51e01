// The whole drawing, beside what lies over the canvas: the palette on its left, the map in its corner.

const GAP = 16; // px
const BELOW = 44; // px: the mark of bpmn.io, and how fast a simulation goes
const OVER = { left: '.djs-palette, .bts-palette', corner: '.djs-minimap.open' };

/** A function that shows the whole drawing; the map or the palette that come and go show it anew. */
export function fitting(modeler, container) {
  const canvas = modeler.get('canvas');
  let shown = null; // the view as it was made here last

  const covered = (what) => {
    const box = container.getBoundingClientRect();
    const parts = [...container.querySelectorAll(OVER[what])].filter((part) => part.offsetWidth);
    return parts.map((part) => part.getBoundingClientRect()).map((part) => (
      what === 'left' ? part.right - box.left + GAP : { width: box.right - part.left + GAP, height: part.bottom - box.top + GAP }
    ))[0];
  };

  function fit() {
    const { inner, outer } = canvas.viewbox();
    if (!inner.width || !outer.width) return;
    const left = covered('left') ?? GAP;
    const map = covered('corner');
    const free = (top, right) => {
      const area = { x: left, y: top, width: outer.width - left - right, height: outer.height - top - BELOW };
      return { ...area, scale: Math.min(1, area.width / inner.width, area.height / inner.height) };
    };
    // a map leaves room beside it and below it: the one in which the drawing is larger
    const areas = map ? [free(GAP, map.width), free(map.height, GAP)] : [free(GAP, GAP)];
    const { scale, ...area } = areas.reduce((best, one) => (one.scale > best.scale ? one : best));
    canvas.viewbox({
      x: inner.x + inner.width / 2 - (area.x + area.width / 2) / scale,
      y: inner.y + inner.height / 2 - (area.y + area.height / 2) / scale,
      width: outer.width / scale,
      height: outer.height / scale,
    });
    shown = viewed();
  }

  const viewed = () => JSON.stringify([canvas.viewbox().x, canvas.viewbox().y, canvas.viewbox().scale].map((one) => one.toFixed(2)));

  for (const change of ['minimap.toggle', 'tokenSimulation.toggleMode']) {
    modeler.get('eventBus').on(change, -1000, () => requestAnimationFrame(() => shown === viewed() && fit()));
  }
  return fit;
}
