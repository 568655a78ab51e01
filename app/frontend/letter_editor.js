// The letter's fields can be put where the cursor stands. Without this file they are a list to copy.

const area = document.getElementById('body');
const changed = () => area.dispatchEvent(new Event('input', { bubbles: true }));

function put(text) {
  const { selectionStart, selectionEnd } = area;
  area.setRangeText(text, selectionStart, selectionEnd, 'end');
  area.focus();
  changed();
}

function toButton(code) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'pr-put';
  button.append(code.cloneNode(true));
  button.addEventListener('click', () => put(code.textContent));
  code.replaceWith(button);
}

function filter(words) {
  const asked = words.trim().toLowerCase();
  for (const line of document.querySelectorAll('[data-field-line]')) {
    line.hidden = !line.textContent.toLowerCase().includes(asked);
  }
}

if (area) {
  document.querySelectorAll('[data-put]').forEach(toButton);
  document.querySelector('[data-put-hint]').textContent = 'Press a field to put it where the cursor stands in the letter.';
  const box = document.querySelector('[data-fields-filter]');
  box.hidden = false;
  box.querySelector('input').addEventListener('input', ({ target }) => filter(target.value));
}
