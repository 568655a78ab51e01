// "Clear and leave": for a resident who must not be seen complaining. The page goes blank at once,
// what was typed is emptied, and this page's place in the history is taken by a neutral one.
// Without scripts the link itself leads away.

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
