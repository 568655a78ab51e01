// A page on which long work runs looks again by itself, and opens anew when the work is over.
// Without this file there is the link "Look again".

const LOOKS_EVERY = 3000; // milliseconds

/** What was typed on the page would be lost with it. */
const somebodyTypes = () => [...document.querySelectorAll('textarea, input')].some((field) => field.value !== field.defaultValue);

async function look(shown) {
  const answer = await fetch(location.href, { credentials: 'same-origin' });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const now = page.querySelector('[data-job]');
  if (!now) {
    if (somebodyTypes()) shown.querySelector('[data-job-progress]')?.replaceChildren('It is over.');
    else location.reload();
    return;
  }
  for (const part of ['[data-job-progress]', '[data-job-says]']) {
    shown.querySelector(part)?.replaceChildren(...(now.querySelector(part)?.childNodes ?? []));
  }
}

/** Keep the progress of the page's work up to date, as long as somebody may see it. */
export function followJob() {
  const shown = document.querySelector('[data-job]');
  if (!shown) return;
  setInterval(() => document.hidden || look(shown).catch(() => {}), LOOKS_EVERY); // offline: later
}
