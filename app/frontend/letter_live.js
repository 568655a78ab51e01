// The letter follows what is typed: <form data-letter-url="…"> sends its fields a moment after the last
// change and puts the letter that comes back into [data-letter]. Without this file the button
// [data-letter-again] does the same.

const AFTER = 500; // milliseconds after a change

function follow(form, target) {
  let timer = null;
  let asked = 0; // number of the newest question; an older answer is not shown

  async function show() {
    const mine = ++asked;
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value);
    try {
      const answer = await fetch(form.dataset.letterUrl, { method: 'POST', body: fields, redirect: 'error' });
      if (answer.ok && mine === asked) target.innerHTML = await answer.text();
    } catch {
      // No connection: the letter stays as it was, and drafts.js says that nothing was saved.
    }
  }

  for (const event of ['input', 'change']) {
    form.addEventListener(event, () => {
      clearTimeout(timer);
      timer = setTimeout(show, AFTER);
    });
  }
}

/** Let the letter beside each form follow it. */
export function letterFollows() {
  const target = document.querySelector('[data-letter]');
  const form = document.querySelector('form[data-letter-url]');
  if (!form || !target) return;
  document.querySelector('[data-letter-again]')?.setAttribute('hidden', '');
  follow(form, target);
}
