// The lane of a step: which there are, and how it comes into another one.

import { laneOf } from './fields.js';

const APART = 20; // px between a step and whatever stands beside it
const STEP = 10; // px, the grid

/** The lanes that a step may stand in: those of its pool with no lanes inside. Empty in a box of steps. */
export function lanesFor(modeler, element) {
  if (element.parent?.type !== 'bpmn:Participant') return [];
  const inside = (lane) => { for (let up = lane.parent; up; up = up.parent) if (up === element.parent) return true; return false; };
  return modeler.get('elementRegistry').filter((one) => one.type === 'bpmn:Lane' && inside(one) && !one.children.some(({ type }) => type === 'bpmn:Lane'));
}

/** Move a step straight up or down into a lane, or as little to the right as it takes; false without room. */
export function moveToLane(modeler, element, id) {
  const lane = modeler.get('elementRegistry').get(id);
  if (lane.businessObject === laneOf(modeler, element)?.businessObject) return true;
  const place = freePlace(element, lane);
  if (!place) return false;
  modeler.get('modeling').moveElements([element], { x: place.x - element.x, y: place.y - element.y }, element.parent);
  modeler.get('canvas').scrollToElement(element, 120);
  return true;
}

function freePlace({ x: from, width, height, parent, id, attachers }, lane) {
  const mine = [id, ...attachers.map((one) => one.id)];
  const others = parent.children.filter(({ waypoints, type, id: other, labelTarget }) => (
    !waypoints && type !== 'bpmn:Lane' && !mine.includes(labelTarget?.id ?? other)));
  const free = (x, y) => others.every((one) => (
    x + width + APART <= one.x || one.x + one.width + APART <= x || y + height + APART <= one.y || one.y + one.height + APART <= y));
  const middle = Math.round((lane.y + (lane.height - height) / 2) / STEP) * STEP;
  for (let x = from; x + width + STEP <= lane.x + lane.width; x += STEP) {
    for (let off = 0; middle - off >= lane.y + STEP; off += STEP) {
      const y = [middle + off, middle - off].find((one) => one + height + STEP <= lane.y + lane.height && free(x, one));
      if (y !== undefined) return { x, y };
    }
  }
  return null;
}
