// What each kind of element can be given, by groups: the words beside a field, and where its choices
// come from. A field: { field, label, hint, type: text | area | choice | several | rule, from, read }.

import { aboutOf, conditionOf, formOf, membersOf, messageOf, property } from './fields.js';

const YES_NO = [{ value: 'yes', words: 'Yes: it takes the work away', plain: true }, { value: 'no', words: 'No: the work goes on', plain: true }];
const named = (name, label, more = {}) => ({ field: `property:${name}`, label, read: (bo) => property(bo, name), ...more });
const dates = ({ facts }) => facts.filter(({ type }) => type === 'date');
const lists = ({ facts }) => facts.filter(({ type }) => type === 'list');
const oneOf = (name) => ({ values }) => values[name].map((value) => ({ value, words: value.replaceAll('_', ' '), plain: true }));

export function groupsOf(kind, element) {
  const bo = element.businessObject;
  const groups = [{ title: 'General', fields: general(kind) }];
  const add = (title, ...fields) => fields.length && groups.push({ title, fields });
  const form = { field: 'form', label: 'Form', type: 'choice', from: (known) => known.forms, read: (of) => formOf(of, kind) };
  const sets = named('sets', 'Dates that become today', { type: 'several', from: dates });
  const pauses = [named('pauses', 'A pause begins in', { type: 'several', from: lists }), named('resumes', 'A pause ends in', { type: 'several', from: lists })];
  switch (kind) {
    case 'userTask':
      add('Form', form);
      add('Who', { field: 'where', type: 'lane' },
        named('not_the_handler_of', 'Not for whoever did', { type: 'several', from: tasks }),
        named('senior_to', 'More senior than whoever did', { type: 'several', from: tasks }),
        named('assigned_in', 'Chosen in', { type: 'choice', from: tasks }),
        { field: 'members', label: 'Once for each person in', type: 'choice', from: lists, read: membersOf });
      add('Letter', named('writes', 'Writes the letter', { type: 'choice', from: letters }), named('approves', 'Approves the payment of', { type: 'choice', from: letters }));
      add('Dates', sets, ...pauses);
      break;
    case 'sendTask':
      add('Letter', named('letter', 'Sends the letter', { type: 'choice', from: letters }));
      add('Alert', named('alert', 'Tells the team', { type: 'choice', from: (known) => known.teams }), named('says', 'What it says', { type: 'area' }));
      add('Dates', sets, ...pauses);
      add('Case', named('closes', 'Closes the case as', { hint: 'A code such as refused; empty: it stays open' }));
      break;
    case 'timer':
      add('Deadline', { field: 'rule', type: 'rule' },
        named('kind', 'What it is', { type: 'choice', from: oneOf('kind'), hint: 'duty: ours; window: the resident’s time; reminder' }),
        named('met_by', 'Met by the date', { type: 'choice', from: dates }), named('label', 'Its name in lists'),
        named('repeat', 'Comes again', { type: 'choice', from: oneOf('repeat') }),
        named('prints', 'The date that letters print'), named('closes', 'Closes the case as'),
        ...(bo.attachedToRef ? [interrupting] : []));
      break;
    case 'message':
      add('Form', form);
      add('Message', { field: 'message', label: 'Name of the message', hint: 'Small letters, such as withdrawn', read: messageOf },
        named('offered_to', 'Offered to', { type: 'choice', from: () => ['staff', 'resident', 'resident, staff'].map((value) => ({ value, words: value })) }),
        named('offered_when', 'Only if', { type: 'condition' }), named('label', 'Its name in lists'), ...(bo.attachedToRef ? [interrupting] : []));
      add('Dates', sets, ...pauses);
      break;
    case 'startEvent':
      add('Form', form, named('public_form', 'Form for residents', { type: 'choice', from: (known) => known.forms }), sets);
      break;
    case 'endEvent':
      add('Report', named('outcome', 'Counted as', { hint: 'A code such as refused' }), named('continues_as', 'Goes on as a case of', { type: 'choice', from: processes }), named('counted_from', 'Counted from', { type: 'choice', from: dates }));
      break;
    case 'businessRuleTask':
      add('Decision', { field: 'decision', label: 'Decision table', type: 'choice', from: (known) => known.decisions, read: (of) => of.get('camunda:decisionRef') ?? '' });
      break;
    case 'callActivity':
      add('Stage', { field: 'calls', label: 'Diagram that it opens', type: 'choice', from: processes, read: (of) => of.calledElement ?? '' },
        named('stage', 'Code of the stage', { hint: 'Such as stage_1; reports count by it' }), named('keeps_open', 'Keeps the case open', { type: 'choice', from: oneOf('keeps_open') }));
      break;
    case 'exclusiveGateway':
    case 'inclusiveGateway':
      add('Decision', { field: 'default', label: 'Taken when no other way is', type: 'choice', from: () => (bo.outgoing ?? []).map((flow) => ({ value: flow.id, words: `${flow.name || 'Unnamed'} to ${flow.targetRef?.name || flow.targetRef?.id}`, plain: true })), read: (of) => of.default?.id ?? '' });
      break;
    case 'sequenceFlow':
      if (/Exclusive|Inclusive/.test(bo.sourceRef?.$type)) add('Decision', { field: 'condition', label: 'Taken if', type: 'condition', read: conditionOf });
      break;
    case 'lane':
      groups[0].fields = [{ field: 'lane', label: 'Team', type: 'choice', from: ({ teams }) => teams.map(({ words }) => ({ value: words, words })), read: (of) => of.name ?? '' }];
      break;
    default:
  }
  if (!['lane', 'participant', 'collaboration', 'process', 'sequenceFlow', 'textAnnotation', 'association'].includes(kind)) {
    add('Policy paragraph', named('policy', 'Carries out', { type: 'several', joined: ', ', from: (known) => known.paragraphs }));
  }
  return groups;
}

const interrupting = { field: 'interrupting', label: 'Ends what it sits on', type: 'choice', needed: true, from: () => YES_NO, read: (bo) => (bo.cancelActivity === false ? 'no' : 'yes') };
const tasks = (known) => known.tasks;
const letters = (known) => known.letters;
const processes = (known) => known.processes;

function general(kind) {
  if (['collaboration', 'process', 'association', 'textAnnotation', 'label'].includes(kind)) return [];
  const fields = [{ field: 'name', label: 'Name', type: kind === 'sequenceFlow' ? 'text' : 'area', read: (bo) => bo.name ?? '' }];
  if (kind === 'participant') return fields;
  fields.push({ field: 'id', label: 'Id', hint: 'Small letters, digits and _. Leave it while cases are open.', read: (bo) => bo.id });
  if (kind !== 'sequenceFlow') fields.push({ field: 'about', label: 'Description', type: 'area', read: aboutOf });
  return fields;
}
