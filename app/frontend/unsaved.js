// What is typed and not saved is not lost without a question: a page with <form data-unsaved> asks when
// it is left by another way than that form. data-unsaved="POST": it came back with what was typed.
// What stands in [data-only-looks] is no part of what is saved.

import { opensAnother } from './send_once.js';

function typedIn(form) {
  const looks = new Set([...form.querySelectorAll('[data-only-looks] [name]')].map(({ name }) => name));
  const typed = [...new FormData(form)].filter(([name]) => name !== 'csrf_token' && !looks.has(name)); // session.js renews it
  return JSON.stringify(typed.map(([name, value]) => [name, value.name ?? value]));
}

function watch(form) {
  const saved = form.dataset.unsaved === 'POST' ? '' : typedIn(form);
  let sent = false;
  document.addEventListener('submit', (event) => {
    if (event.target === form && !event.defaultPrevented && !opensAnother(event)) sent = true;
  });
  addEventListener('beforeunload', (event) => {
    if (!sent && typedIn(form) !== saved) event.preventDefault();
  });
  addEventListener('pageshow', (event) => { if (event.persisted) sent = false; });
}

/** Ask before what was typed into such a form is lost. */
export function askBeforeLosing() {
  document.querySelectorAll('form[data-unsaved]').forEach(watch);
}
