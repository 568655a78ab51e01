// Shows a question only where it applies. Without this file all show, and the server drops what
// does not apply; so nothing here decides anything.
//
// Conditions are the trees of forms/feel.py, answered by the same rules: null is "not answered
// yet", and only true hides. tests/forms/test_feel.py holds the two files together.

/** Answer a tree. A field that is not in `values` is null. */
export function evaluate([operation, ...parts], values) {
  if (operation === 'value') return parts[0];
  if (operation === 'name') return Object.hasOwn(values, parts[0]) ? values[parts[0]] : null;
  const answers = parts.map((part) => evaluate(part, values));
  const [left, right] = answers;
  switch (operation) {
    case 'list': return answers;
    case 'and': return all(answers);
    case 'or': return not(all(answers.map(not)));
    case 'not': return not(left);
    case 'contains': return Array.isArray(left) ? left.some((item) => equal(item, right) === true) : null;
    case '=': return equal(left, right);
    case '!=': return not(equal(left, right));
    default: return ordered(operation, left, right);
  }
}

function kind(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function all(answers) {
  if (answers.includes(false)) return false;
  return answers.every((answer) => answer === true) ? true : null;
}

function not(answer) {
  return typeof answer === 'boolean' ? !answer : null;
}

function equal(left, right) {
  if (left === null || right === null) return left === right;
  if (kind(left) !== kind(right)) return null;
  if (!Array.isArray(left)) return left === right;
  return left.length === right.length ? all(left.map((item, i) => equal(item, right[i]))) : false;
}

function ordered(sign, left, right) {
  if (kind(left) !== kind(right) || !['number', 'string'].includes(kind(left))) return null;
  switch (sign) {
    case '<': return left < right;
    case '<=': return left <= right;
    case '>': return left > right;
    default: return left >= right;
  }
}

const NUMBER = /^-?(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:\.\d{1,6})?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const DAY = /^\d{1,2}$/;
const YEAR = /^[12]\d{3}$/;

/** What was typed, as a condition sees it. `decimals` is how many a number may have. */
export function valueOf(fieldKind, texts, decimals = 0) {
  const typed = texts.map((text) => text.trim());
  switch (fieldKind) {
    case 'choices': return typed.filter((text) => text !== '');
    case 'tick': return typed[0] === 'true';
    case 'date': return dateOf(...typed);
    case 'number': return numberOf(typed[0], decimals);
    case 'money': return numberOf(typed[0], 2, 0);
    default: return typed[0] || null;
  }
}

function numberOf(typed = '', decimals = 0, least = -Infinity) {
  const bare = typed.replaceAll(' ', '').replace(/^£/, '');
  if (!NUMBER.test(bare)) return null;
  const places = (bare.split('.')[1] ?? '').replace(/0+$/, '').length;
  const number = Number(bare.replaceAll(',', ''));
  return places <= decimals && number >= least ? number : null;
}

function dateOf(day = '', month = '', year = '') {
  const named = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  const figure = named ? String(named) : month;
  if (!DAY.test(day) || !DAY.test(figure) || !YEAR.test(year)) return null;
  const at = new Date(Date.UTC(Number(year), Number(figure) - 1, Number(day)));
  const real = at.getUTCMonth() === Number(figure) - 1 && at.getUTCDate() === Number(day);
  return real ? at.toISOString().slice(0, 10) : null;
}

/** What a condition sees of a question that is hidden, or not answered at all. */
function blankOf(fieldKind) {
  return valueOf(fieldKind, []);
}

function inputsOf(field) {
  return [...field.querySelectorAll('input, select, textarea')];
}

function typedIn(field) {
  const inputs = inputsOf(field);
  const toTick = inputs.filter((input) => input.type === 'checkbox' || input.type === 'radio');
  if (toTick.length) return toTick.filter((input) => input.checked).map((input) => input.value);
  return inputs.filter((input) => input.type !== 'hidden').map((input) => input.value);
}

/** Hide what does not apply in one form. What was typed there stays, and comes back with it. */
export function apply(form) {
  const values = {};
  // In the order of the page: a condition asks about questions above it.
  for (const part of form.querySelectorAll('[data-field], [data-condition]')) {
    const { field, kind: fieldKind, condition, decimals } = part.dataset;
    const inside = part.parentElement.closest('[data-condition][hidden]') !== null;
    const hidden = inside || (condition !== undefined && evaluate(JSON.parse(condition), values) === true);
    if (condition !== undefined) part.hidden = hidden;
    if (field === undefined) continue;
    inputsOf(part).forEach((input) => { input.disabled = hidden; });
    values[field] = hidden ? blankOf(fieldKind) : valueOf(fieldKind, typedIn(part), Number(decimals ?? 0));
  }
}

/** Keep every form with conditions up to date. */
export function start(root) {
  const forms = new Set([...root.querySelectorAll('form [data-condition]')].map((part) => part.closest('form')));
  for (const form of forms) {
    apply(form);
    for (const event of ['input', 'change']) form.addEventListener(event, () => apply(form));
    form.addEventListener('reset', () => setTimeout(apply, 0, form)); // after it is done
  }
  // A page that comes back from memory has its inputs filled in again after this script ran.
  addEventListener('pageshow', () => forms.forEach(apply));
}

if (typeof document !== 'undefined') start(document);
