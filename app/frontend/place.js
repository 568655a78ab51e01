// Claiming a task sends a form and shows the inbox again. A person who works down a list of forty
// must find the same row at the same height, and hear what became of it.
//
// <form data-keep-place="id of the row"> ; in the row, data-result marks the words to read out.

const KEY = 'pr-place';

function remember(form) {
  const row = document.getElementById(form.dataset.keepPlace);
  const place = { page: location.pathname, row: row?.id, top: row?.getBoundingClientRect().top, y: scrollY };
  sessionStorage.setItem(KEY, JSON.stringify(place));
}

function recall() {
  const stored = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const place = stored && JSON.parse(stored);
  return place?.page === location.pathname ? place : null;
}

/** Put the page back where it was before the form was sent; false if there was no such form. */
export function keepPlace() {
  document.addEventListener('submit', (event) => {
    if (event.target.matches('form[data-keep-place]')) remember(event.target);
  });
  const place = recall();
  if (!place) return false;
  const row = place.row && document.getElementById(place.row);
  if (!row) {
    scrollTo(0, place.y);
    return false;
  }
  const back = () => scrollBy(0, row.getBoundingClientRect().top - place.top);
  back();
  const here = scrollY;
  // Fonts that arrive now move the row; a person who scrolls meanwhile is left alone.
  document.fonts.ready.then(() => { if (scrollY === here) back(); });
  const said = row.querySelector('[data-result]') ?? row;
  said.tabIndex = -1;
  said.focus({ preventScroll: true });
  return true;
}

/** A message about what was just done is read out first, unless a form came back with errors. */
export function focusWhatWasSaid() {
  if (!document.querySelector('.govuk-error-summary')) document.querySelector('.pr-said')?.focus();
}
