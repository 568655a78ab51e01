// A form in form-js, saved into the draft as it is changed. Above form-js's settings of the chosen field
// stands what Putright does with it: our own properties, with what there is to choose from.

import { createFormEditor } from '@bpmn-io/form-js-editor';
import { bodyOf, savesFrom } from './draft_save.js';

const box = document.getElementById('form-editor');

function input({ name, tick, choices }, value, put) {
  if (tick) {
    const made = Object.assign(document.createElement('input'), { type: 'checkbox', checked: value === 'true' || value === true });
    made.addEventListener('change', () => put(made.checked ? 'true' : ''));
    return made;
  }
  const made = document.createElement(choices.length && name !== 'letter_part' ? 'select' : 'input');
  made.className = made.tagName === 'SELECT' ? 'govuk-select' : 'govuk-input';
  if (made.tagName === 'SELECT') {
    const known = choices.some(([id]) => id === value) || !value ? [] : [[value, value]];
    for (const [id, words] of [['', 'Nothing'], ...choices, ...known]) made.append(new Option(words, id));
  } else if (choices.length) {
    const list = Object.assign(document.createElement('datalist'), { id: `choices-${name}` });
    for (const [id, words] of choices) list.append(new Option(words, id));
    document.getElementById(list.id)?.remove();
    document.body.append(list);
    made.setAttribute('list', list.id);
  }
  made.value = value ?? '';
  made.addEventListener('change', () => put(made.value.trim()));
  return made;
}

function showOurs(editor, vocabulary) {
  const section = document.querySelector('[data-ours]');
  const field = editor.get('selection').get();
  const fits = field ? vocabulary.filter(({ types }) => types.includes(field.type)) : [];
  section.hidden = !fits.length;
  if (!fits.length) return;
  document.querySelector('[data-ours-of]').textContent = `“${field.label || field.dateLabel || field.key || field.type}”`;
  const lines = fits.map((about) => {
    const line = document.createElement('label');
    line.className = 'pr-cell';
    const words = document.createElement('span');
    words.textContent = about.label;
    const put = (value) => {
      const now = { ...editor.get('formFieldRegistry').get(field.id).properties };
      if (value) now[about.name] = value;
      else delete now[about.name];
      editor.get('modeling').editFormField(editor.get('formFieldRegistry').get(field.id), 'properties', now);
    };
    const made = input(about, field.properties?.[about.name], put);
    made.disabled = box.dataset.mayChange !== 'yes';
    line.append(words, made);
    return line;
  });
  document.querySelector('[data-ours-fields]').replaceChildren(...lines);
}

async function open() {
  const vocabulary = JSON.parse(document.querySelector('[data-vocabulary]').textContent);
  const editor = await createFormEditor({ container: box, schema: JSON.parse(bodyOf()) });
  const changed = savesFrom(box, () => `${JSON.stringify(editor.saveSchema(), null, 2)}\n`);
  const ours = document.querySelector('[data-ours]');
  ours.addEventListener('keydown', (event) => event.stopPropagation()); // what is typed here is no shortcut
  box.querySelector('.fjs-editor-properties-container').append(ours);
  editor.on('commandStack.changed', changed);
  editor.on('selection.changed', () => showOurs(editor, vocabulary));
}

if (box) {
  box.querySelector('[data-wait]').remove();
  open().catch(() => {
    box.textContent = 'This file cannot be drawn. The page in words says why.';
  });
}
