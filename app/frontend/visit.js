// What a resident types on a public page is kept in this tab, so that loading the page again, or a
// crash, does not lose it. It ends with the visit: on sending, with “Clear and leave”, and when the
// tab is closed. Never a password, a file, or anything that the page itself carries.
//
// <form data-visit="landlord and form">; data-visit-typed: the page already holds what was typed.
// In it, [data-visit-status] says that something was put back.

const KEPT = 'pr-visit ';
const SENT = 'pr-visit-sent'; // the form that was sent last, until the next page is here
const NEVER = new Set(['hidden', 'password', 'file', 'submit', 'button']);
const PUT_BACK = 'What you typed before is here again. “Clear and leave” removes it.';

const fields = (form) => [...form.elements].filter(
  ({ name, type }) => name && !name.startsWith('pr_') && !NEVER.has(type),
);
const canBeTicked = ({ type }) => type === 'radio' || type === 'checkbox';

function keep(form) {
  const typed = {};
  for (const field of fields(form)) {
    typed[field.name] ??= [];
    if (!canBeTicked(field) || field.checked) typed[field.name].push(field.value);
  }
  sessionStorage.setItem(KEPT + form.dataset.visit, JSON.stringify(typed));
}

/** Put back what was typed; whether that changed anything. */
function putBack(form, typed) {
  const changed = fields(form).filter((field) => {
    const texts = typed[field.name];
    if (!texts) return false;
    if (canBeTicked(field)) {
      const before = field.checked;
      field.checked = texts.includes(field.value);
      return field.checked !== before;
    }
    const before = field.value;
    field.value = texts.shift() ?? before;
    return field.value !== before;
  });
  for (const field of changed) field.dispatchEvent(new Event('change', { bubbles: true })); // conditions.js
  return changed.length > 0;
}

function follow(form) {
  const stored = sessionStorage.getItem(KEPT + form.dataset.visit);
  if ('visitTyped' in form.dataset) {
    keep(form);
  } else if (stored && putBack(form, JSON.parse(stored))) {
    const status = form.querySelector('[data-visit-status]');
    if (status) status.textContent = PUT_BACK;
  }
  for (const event of ['input', 'change']) form.addEventListener(event, () => keep(form));
  form.addEventListener('submit', () => sessionStorage.setItem(SENT, form.dataset.visit));
}

/** Keep what is typed for this visit. A form that was sent and does not come back is forgotten. */
export function keepForThisVisit() {
  const forms = [...document.querySelectorAll('form[data-visit]')];
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (sent && !forms.some((form) => form.dataset.visit === sent)) sessionStorage.removeItem(KEPT + sent);
  forms.forEach(follow);
}
