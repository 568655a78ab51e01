// Reading and writing what an element says, in the Camunda 7 attributes and properties of our
// vocabulary. Every change is a command of bpmn-js, so it can be undone.

const RULE = /^(working_days|calendar_days|months)\(\s*(\d+)((?:\s*\+\s*\w+)*)\s*,\s*(\w+)((?:\s*,\s*\w+)*)\s*\)$/;

/** The engine's word for what an element is: timer and message for catching events. */
export function kindOf(element) {
  const bo = element.businessObject;
  const type = bo.$type.replace('bpmn:', '');
  if (type === 'BoundaryEvent' || type === 'IntermediateCatchEvent') {
    const event = eventOf(bo)?.$type ?? '';
    return event.includes('Timer') ? 'timer' : event.includes('Message') ? 'message' : 'event';
  }
  return type[0].toLowerCase() + type.slice(1);
}

const eventOf = (bo) => bo.eventDefinitions?.[0];
const propertiesOf = (bo) => bo.extensionElements?.values?.find((value) => value.$type === 'camunda:Properties');

export const property = (bo, name) => propertiesOf(bo)?.values?.find((one) => one.name === name)?.value ?? '';
export const listed = (text) => text.split(/[\s,]+/).filter(Boolean);
export const ruleOf = (bo) => eventOf(bo)?.timeDate?.body ?? '';
export const messageOf = (bo) => eventOf(bo)?.messageRef?.name ?? '';
export const conditionOf = (bo) => bo.conditionExpression?.body ?? '';
export const formOf = (bo, kind) => (kind === 'message' ? property(bo, 'form') : bo.get('camunda:formKey') ?? '');
export const membersOf = (bo) => bo.loopCharacteristics?.get('camunda:collection') ?? '';
export const aboutOf = (bo) => bo.documentation?.[0]?.text ?? '';

export function laneOf(modeler, element) {
  return modeler.get('elementRegistry').find(({ type, businessObject }) => type === 'bpmn:Lane' && businessObject.flowNodeRef?.includes(element.businessObject));
}

/** A plain rule in its parts, null for one of another shape. */
export function partsOf(rule) {
  const found = RULE.exec(rule.trim());
  return found && { unit: found[1], number: found[2], longer: found[3], fact: found[4], pauses: found[5] };
}

export const ruleFrom = ({ unit, number, longer = '', fact, pauses = '' }) => `${unit}(${number}${longer}, ${fact}${pauses})`;

const writers = {
  name: ({ modeling }, element, value) => modeling.updateLabel(element, value),
  id: ({ modeling }, element, value) => modeling.updateProperties(element, { id: value }),
  about: ({ modeling, moddle }, element, value) => modeling.updateProperties(element, {
    documentation: value ? [moddle.create('bpmn:Documentation', { text: value })] : [],
  }),
  form: (api, element, value) => (kindOf(element) === 'message'
    ? writeProperty(api, element, 'form', value)
    : api.modeling.updateProperties(element, { 'camunda:formKey': value || undefined })),
  decision: ({ modeling }, element, value) => modeling.updateProperties(element, { 'camunda:decisionRef': value || undefined }),
  calls: ({ modeling }, element, value) => modeling.updateProperties(element, { calledElement: value || undefined }),
  default: ({ modeling }, element, value) => modeling.updateProperties(element, {
    default: element.businessObject.outgoing.find((flow) => flow.id === value),
  }),
  executable: ({ modeling }, element) => {
    const pool = element.businessObject.participants?.[0] ?? element.businessObject;
    const process = pool.processRef ?? pool;
    modeling.updateModdleProperties(element, process, { isExecutable: true });
  },
  rule: ({ modeling, moddle }, element, value) => modeling.updateModdleProperties(element, eventOf(element.businessObject), {
    timeDate: value ? moddle.create('bpmn:FormalExpression', { body: value }) : undefined, timeDuration: undefined, timeCycle: undefined,
  }),
  condition: ({ modeling, moddle }, element, value) => modeling.updateProperties(element, {
    conditionExpression: value ? moddle.create('bpmn:FormalExpression', { body: value }) : undefined,
  }),
  message: ({ modeling, moddle, definitions }, element, value) => {
    const roots = definitions.get('rootElements');
    let message = roots.find((root) => root.$type === 'bpmn:Message' && root.name === value);
    if (!message && value) {
      message = moddle.create('bpmn:Message', { id: `message_${value.replace(/\W+/g, '_')}`, name: value });
      message.$parent = definitions;
      modeling.updateModdleProperties(element, definitions, { rootElements: [...roots, message] });
    }
    modeling.updateModdleProperties(element, eventOf(element.businessObject), { messageRef: value ? message : undefined });
  },
  members: ({ modeling, moddle }, element, value) => modeling.updateProperties(element, {
    loopCharacteristics: value
      ? moddle.create('bpmn:MultiInstanceLoopCharacteristics', { 'camunda:collection': value, 'camunda:elementVariable': 'member' })
      : undefined,
  }),
  interrupting: ({ modeling }, element, value) => modeling.updateProperties(element, { cancelActivity: value === 'yes' }),
  lane: ({ modeling, modeler }, element, value) => modeling.updateLabel(element.type === 'bpmn:Lane' ? element : laneOf(modeler, element), value),
};

/** Write a field: a name of `writers`, "property:<name>", or "rename" for the property `was`. */
export function write(modeler, element, field, value, was) {
  const api = {
    modeler,
    modeling: modeler.get('modeling'),
    moddle: modeler.get('moddle'),
    definitions: modeler.getDefinitions(),
  };
  if (field === 'rename') return writeProperty(api, element, value, property(element.businessObject, was), was);
  if (field.startsWith('property:')) return writeProperty(api, element, field.slice(9), value);
  return writers[field](api, element, value);
}

/** A camunda:property, in its old place; an empty value takes it out. */
function writeProperty({ modeling, moddle }, element, name, value, was = name) {
  const bo = element.businessObject;
  const old = propertiesOf(bo)?.values ?? [];
  const fresh = moddle.create('camunda:Property', { name, value });
  const kept = old.flatMap((one) => (one.name !== was ? [one] : value ? [fresh] : []));
  if (value && !old.some((one) => one.name === was)) kept.push(fresh);
  const others = bo.extensionElements?.values?.filter((one) => one.$type !== 'camunda:Properties') ?? [];
  const values = kept.length ? [...others, moddle.create('camunda:Properties', { values: kept })] : others;
  const extensionElements = values.length ? moddle.create('bpmn:ExtensionElements', { values }) : undefined;
  if (extensionElements) extensionElements.$parent = bo;
  values.forEach((one) => { one.$parent = extensionElements; });
  modeling.updateProperties(element, { extensionElements });
}
