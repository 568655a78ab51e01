// A list that people fill in row by row: [data-rows] holds rows [data-row], all of them drawn by the
// server. Here one empty row shows, "Add another" shows the next and "Remove" takes one away.
// Without this file some empty rows show, and [data-rows-more] asks the server for more of them.

const TYPED = 'input, select, textarea';

function inputsOf(row) {
  return [...row.querySelectorAll(TYPED)];
}

function isFilled(row) {
  const ticked = (input) => input.type === 'checkbox' || input.type === 'radio';
  return inputsOf(row).some((input) => (ticked(input) ? input.checked : input.value !== ''));
}

/** What stands in `from` moves into `to`; the rows have the same questions in the same order. */
function moveUp(from, to) {
  const sources = inputsOf(from);
  inputsOf(to).forEach((input, i) => {
    input.value = sources[i].value;
    input.checked = sources[i].checked;
  });
}

function empty(row) {
  for (const input of inputsOf(row)) {
    if (input.type === 'checkbox' || input.type === 'radio') input.checked = false;
    else input.value = '';
  }
}

/** What the server said was wrong was said of a row that has gone. */
function forgetErrors(row) {
  row.querySelectorAll('.govuk-error-message').forEach((said) => {
    row.querySelectorAll(`[aria-describedby~="${said.id}"]`).forEach((part) => {
      const others = part.getAttribute('aria-describedby').split(' ').filter((id) => id !== said.id);
      if (others.length) part.setAttribute('aria-describedby', others.join(' '));
      else part.removeAttribute('aria-describedby');
    });
    said.remove();
  });
  for (const mark of ['govuk-form-group--error', 'govuk-input--error', 'govuk-textarea--error', 'govuk-select--error']) {
    row.querySelectorAll(`.${mark}`).forEach((part) => part.classList.remove(mark));
  }
}

function grow(list) {
  const rows = [...list.querySelectorAll('[data-row]')];
  const asked = list.querySelector('[data-rows-more]');
  const more = asked ?? document.createElement('button');
  const word = rows[0].querySelector('legend').textContent.replace(/\d+/, '').trim().toLowerCase();

  const showUpTo = (count) => {
    rows.forEach((row, i) => { row.hidden = i >= count; });
    more.hidden = count >= rows.length;
  };
  const settle = () => showUpTo(Math.max(1, rows.findLastIndex(isFilled) + 1));
  const told = () => list.dispatchEvent(new Event('input', { bubbles: true })); // draft and letter follow

  function add() {
    const next = rows.find((row) => row.hidden);
    if (!next) return;
    showUpTo(rows.indexOf(next) + 1);
    inputsOf(next)[0].focus(); // its heading is read out with it
  }

  function remove(row) {
    const shown = rows.filter((one) => !one.hidden);
    const at = rows.indexOf(row);
    shown.slice(at).forEach((one, i, left) => {
      forgetErrors(one);
      if (i + 1 < left.length) moveUp(left[i + 1], one);
      else empty(one);
    });
    showUpTo(Math.max(1, shown.length - 1));
    told();
    rows[Math.min(at, Math.max(0, shown.length - 2))].querySelector('legend').focus();
  }

  more.type = 'button';
  more.removeAttribute('name'); // it asks the server for nothing any more
  more.className = 'govuk-button govuk-button--secondary';
  more.textContent = `Add another ${word}`;
  more.addEventListener('click', add);
  if (!asked) list.append(more);
  for (const row of rows) {
    const heading = row.querySelector('legend');
    heading.tabIndex = -1;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'govuk-button govuk-button--secondary pr-button--small';
    button.append('Remove');
    const which = document.createElement('span');
    which.className = 'pr-hide';
    which.textContent = ` ${heading.textContent.trim().toLowerCase()}`;
    button.append(which);
    button.addEventListener('click', () => remove(row));
    row.append(button);
  }
  settle();
  // A page that comes back from memory has its inputs filled in again after this script ran.
  addEventListener('pageshow', settle);
}

/** Let every list grow and shrink. */
export function rowsGrow() {
  document.querySelectorAll('[data-rows]').forEach(grow);
}
