// The panel of the selected element: plain fields, with choices of what there is.

import { ask, make } from './asking.js';
import { kindOf, laneOf, listed, partsOf, ruleFrom, ruleOf, write } from './fields.js';
import { groupsOf } from './groups.js';
import { lanesFor, moveToLane } from './lanes.js';
import { titleOf } from './naming.js';

const ID = /^[A-Za-z_][A-Za-z0-9_]{0,79}$/;
const EVALUATED_AFTER = 200; // milliseconds
const UNITS = [['working_days', 'working days'], ['calendar_days', 'days'], ['months', 'months']];
const NOTHING = 'Select an element in the diagram, or choose it above.';
const FRAMES = /^bpmn:(Collaboration|Process|Association)$/;

export function showPanel(modeler, panel, page, known) {
  const looking = !page.save;
  let shown = null;
  let ours = false; // the change that is being made comes from this panel
  let pressed = false; // a pointer is down on a field, which is about to have the focus
  let late = false; // the panel is to be drawn anew once that takes nothing away
  let example = page.today;

  function byPanel(act) {
    ours = true;
    try { return act(); } finally { ours = false; }
  }

  const set = (field, value) => {
    byPanel(() => write(modeler, shown, field, value));
    const [option] = panel.querySelector('#field-element').selectedOptions;
    Object.assign(option, { value: shown.id, text: titleOf(shown) });
  };

  /** Whether a field is about to have the focus, or has it and holds words that are not written yet. */
  function held() {
    const field = document.activeElement;
    return pressed || (panel.contains(field) && 'written' in field && field.value !== field.written);
  }

  function settle() {
    if (late && !held()) show(shown);
  }

  function show(element) {
    const before = panel.contains(document.activeElement) ? document.activeElement : null;
    shown = element;
    late = false;
    if (!element || FRAMES.test(element.type)) {
      panel.replaceChildren(chooser(), make('p', {}, NOTHING));
      return;
    }
    const kind = kindOf(element);
    panel.replaceChildren(chooser(), ...groupsOf(kind, element).filter(({ fields }) => fields.length).map(group));
    if (looking) panel.querySelectorAll('fieldset :is(input, select, textarea, button)').forEach((one) => { one.disabled = true; });
    if (before?.id) goOn(before, document.getElementById(before.id));
  }

  /** Let a field have the focus in the place of the one that stood there. */
  function goOn(before, field) {
    field?.focus({ preventScroll: true });
    if (!field?.matches('textarea, input:not([type])')) return;
    const at = field.value === before.value ? before.selectionEnd : field.value.length;
    field.setSelectionRange(at, at);
  }

  /** All elements by name: the way to one without a pointer. */
  function chooser() {
    const all = modeler.get('elementRegistry').filter(({ type, labelTarget }) => !labelTarget && !FRAMES.test(type));
    const named = all.map((one) => ({ value: one.id, words: titleOf(one) }));
    named.sort((a, b) => a.words.localeCompare(b.words));
    const select = make('select', {}, new Option('Choose an element', ''), ...named.map(({ value, words }) => new Option(words, value, false, value === shown?.id)));
    select.addEventListener('change', () => {
      const element = modeler.get('elementRegistry').get(select.value);
      if (!element) return;
      modeler.get('canvas').scrollToElement(element, 120);
      modeler.get('selection').select(element);
    });
    return make('div', { className: 'pr-fields' }, labelled('Element', select, 'element'));
  }

  function group({ title, fields }) {
    return make('fieldset', { className: 'pr-fields' }, make('legend', {}, title), ...fields.flatMap(field));
  }

  function field(one) {
    if (one.type === 'lane') return lane();
    if (one.type === 'rule') return rule();
    const value = one.read(shown.businessObject);
    if (one.type === 'several') return several(one, value);
    const input = one.type === 'choice' ? choice(one, value) : make(one.type === 'area' ? 'textarea' : 'input', { value, written: value, rows: 2 });
    const wrong = make('span', { className: 'pr-fields__error' });
    input.addEventListener('change', () => {
      const bad = one.field === 'id' ? badId(input.value) : '';
      wrong.textContent = bad;
      if (bad) return;
      set(one.field, input.value.trim());
      input.written = input.value;
    });
    const parts = [labelled(one.label, input, one.field, one.hint), wrong];
    return one.type === 'condition' ? [...parts, sentence(input)] : parts;
  }

  /** Who does it: the lane that it stands in. */
  function lane() {
    const lanes = lanesFor(modeler, shown);
    const now = laneOf(modeler, shown);
    if (!lanes.length) return [make('p', {}, 'It is done by whose lane the box of steps stands in.')];
    const choices = lanes.map((one) => new Option(titleOf(one), one.id, false, one === now));
    const select = make('select', {}, ...(now ? [] : [new Option('None: choose one', '')]), ...choices);
    const wrong = make('span', { className: 'pr-fields__error' });
    select.addEventListener('change', () => {
      const moved = byPanel(() => !select.value || moveToLane(modeler, shown, select.value));
      wrong.textContent = moved ? '' : 'There is no room for it in that lane. Make the lane larger first.';
      if (!moved) select.value = now?.id ?? '';
    });
    return [labelled('Lane', select, 'lane', 'Whoever’s lane it stands in does it'), wrong];
  }

  function badId(id) {
    if (!ID.test(id)) return 'Use letters, digits and _, and begin with a letter.';
    const taken = modeler.get('elementRegistry').get(id);
    return taken && taken !== shown ? 'Another element has this id.' : '';
  }

  function labelled(label, input, name, hint) {
    input.id = `field-${name}`;
    const parts = [make('span', {}, label)];
    if (hint) parts.push(make('span', { className: 'pr-fields__hint' }, hint));
    return make('label', { htmlFor: input.id }, ...parts, input);
  }

  function options(from, value, empty = 'None') {
    const choices = from(known) ?? [];
    const there = choices.some((one) => one.value === value);
    const listedHere = [...(empty ? [{ value: '', words: empty }] : []), ...(value && !there ? [{ value, words: `${value} (there is none)` }] : []), ...choices];
    return listedHere.map((one) => new Option(worded(one), one.value, false, one.value === value));
  }

  /** The words of a choice, with its name in the files where that is not told by them. */
  function worded({ value, words, plain }) {
    return plain || !value || words.startsWith(value) ? words : `${words} (${value})`;
  }

  const choice = (one, value) => make('select', {}, ...options(one.from, value, one.needed ? '' : 'None'));

  function several(one, value) {
    const chosen = listed(value);
    const change = (now) => { set(one.field, now.join(one.joined ?? ' ')); show(shown); };
    const words = (id) => (one.from(known) ?? []).find((other) => other.value === id)?.words ?? id;
    const list = chosen.map((id) => {
      const out = make('button', { type: 'button', onclick: () => change(chosen.filter((other) => other !== id)) }, 'Remove');
      out.setAttribute('aria-label', `Remove ${words(id)}`);
      return make('li', {}, words(id), ' ', out);
    });
    const add = make('select', {}, ...options((all) => (one.from(all) ?? []).filter(({ value: id }) => !chosen.includes(id)), '', 'Add'));
    add.addEventListener('change', () => add.value && change([...chosen, add.value]));
    return [labelled(one.label, add, one.field, one.hint), make('ul', { className: 'pr-fields__chosen' }, ...list)];
  }

  /** A deadline: number, unit and date where the rule is plain, the whole rule, and what it gives. */
  function rule() {
    const now = ruleOf(shown.businessObject);
    const dates = (known.facts ?? []).filter(({ type }) => type === 'date');
    const whole = make('input', { value: now, written: now });
    const told = sentence(whole);
    const keep = () => { // an input tells of each digit, and once more when it is left: one change
      if (whole.value.trim() !== ruleOf(shown.businessObject)) set('rule', whole.value.trim());
      whole.written = whole.value;
      told.again();
    };
    const parts = now ? partsOf(now) : { unit: 'working_days', number: '', fact: dates[0]?.value ?? '' };
    const simple = parts ? plain(parts, dates, (value) => { whole.value = value; keep(); }) : [];
    whole.addEventListener('change', keep);
    return [...simple, labelled('The whole rule', whole, 'rule', 'Such as working_days(10, acknowledged_on)'), told];
  }

  function plain(parts, dates, changed) {
    const number = make('input', { type: 'number', min: 0, max: 999, value: parts.number });
    const unit = make('select', {}, ...UNITS.map(([value, words]) => new Option(words, value, false, value === parts.unit)));
    const fact = make('select', {}, ...options(() => dates, parts.fact, ''));
    const again = () => number.value && changed(ruleFrom({ ...parts, number: Number(number.value), unit: unit.value, fact: fact.value }));
    for (const input of [number, unit, fact]) input.addEventListener('change', again);
    number.addEventListener('input', again);
    return [labelled('How many', number, 'number'), labelled('Of what', unit, 'unit'), labelled('After', fact, 'after')];
  }

  /** What a rule or condition means, and for a date what it would be in an example. */
  function sentence(input) {
    const said = make('output', { className: 'pr-fields__says' });
    const day = make('input', { type: 'date', value: example });
    let timer = null;
    const again = () => { clearTimeout(timer); timer = setTimeout(work, EVALUATED_AFTER); };
    async function work() {
      if (!input.value.trim()) { said.textContent = ''; return; }
      const body = JSON.stringify({ expression: input.value, on: day.value });
      try {
        const answer = await (await ask(page.evaluate, body, { type: 'application/json' })).json();
        said.textContent = answer.sentence;
        said.classList.toggle('pr-fields__error', Boolean(answer.error));
      } catch (problem) {
        said.textContent = problem.message;
      }
    }
    day.addEventListener('change', () => { example = day.value; again(); });
    input.addEventListener('input', again);
    again();
    const isRule = kindOf(shown) === 'timer';
    const whole = make('div', {}, isRule ? labelled('Example: the day that it counts from', day, `example-${input.id}`) : null, said);
    return Object.assign(whole, { again });
  }

  const bus = modeler.get('eventBus');
  bus.on('selection.changed', ({ newSelection }) => show(newSelection.length === 1 ? newSelection[0].labelTarget ?? newSelection[0] : null));
  bus.on('elements.changed', ({ elements }) => {
    late ||= !ours && elements.includes(shown);
    settle();
  });
  panel.addEventListener('pointerdown', () => { pressed = true; });
  for (const over of ['pointerup', 'pointercancel', 'change', 'keydown']) {
    document.addEventListener(over, () => setTimeout(() => { pressed = false; settle(); }), true); // after the click
  }
  panel.addEventListener('focusout', () => setTimeout(settle)); // the next field has the focus by then
  bus.on('import.done', () => show(null));
  show(null);
}
