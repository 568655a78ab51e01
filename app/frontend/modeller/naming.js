// What an element is called where a person reads it: its name, else its kind and what it comes after.

import { kindOf } from './fields.js';

const KINDS = {
  userTask: 'Task', sendTask: 'Letter or alert', businessRuleTask: 'Decision table', callActivity: 'Stage', subProcess: 'Box of steps',
  startEvent: 'Start', endEvent: 'End', timer: 'Deadline', message: 'Message', exclusiveGateway: 'Choice', parallelGateway: 'Ways side by side',
  inclusiveGateway: 'Choice of several', eventBasedGateway: 'Whichever comes first', textAnnotation: 'Note', lane: 'Lane', participant: 'Pool',
};

/** “Log it”, “Task without a name after “Log it””; an arrow is “Is it ours? → Close it (No)”. */
export function titleOf(element) {
  const { name } = element.businessObject;
  if (element.waypoints) {
    const way = [element.source, element.target].map((end) => (end ? called(end) : 'nowhere')).join(' → ');
    return name ? `${way} (${name})` : way;
  }
  const before = element.incoming?.[0]?.source?.businessObject.name;
  return before && !name ? `${called(element)} after “${before}”` : called(element);
}

function called(element) {
  const { businessObject: bo, incoming, outgoing } = element;
  const said = bo.name || bo.text;
  if (said) return said.replace(/\s+/g, ' ');
  const kind = kindOf(element);
  return /Gateway$/.test(kind) && incoming.length > 1 && outgoing.length < 2 ? 'Where ways meet' : `${KINDS[kind] ?? 'Element'} without a name`;
}
