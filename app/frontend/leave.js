// "Clear and leave": for a resident who must not be seen complaining. The page goes blank at once,
// what was typed is emptied, and this page's place in the history is taken by a neutral one.
// Without scripts the link itself leads away.

/**
 * Forms and links with data-replace lead on in the place of their own page: in the history there is
 * one page of ours, which “Clear and leave” then replaces, too.
 */
export function leadOnInPlace() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-replace]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    location.replace(link.href);
  });
  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (!form.matches('form[data-replace]')) return;
    event.preventDefault();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.getAttribute('action'), { method: 'POST', body });
      if (answer.redirected) {
        location.replace(answer.url);
        return;
      }
    } catch {
      // No connection, or something to say: the browser itself sends it and shows the answer.
    }
    form.submit();
  });
}

/** Make links with data-leave leave at once, and never show such a page again from memory. */
export function leaveWithoutTrace() {
  const links = document.querySelectorAll('a[data-leave]');
  if (!links.length) return;
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-leave]');
    if (!link) return;
    event.preventDefault();
    document.documentElement.classList.add('pr-gone');
    document.title = '\u00a0';
    document.querySelectorAll('form').forEach((form) => form.reset());
    sessionStorage.clear();
    location.replace(link.href);
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}
