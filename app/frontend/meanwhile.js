// Somebody else, or the same person in another tab, has saved what this page holds, too.

function button(words, act) {
  const made = Object.assign(document.createElement('button'), { type: 'button', textContent: words, className: 'govuk-button govuk-button--secondary pr-button--small' });
  made.addEventListener('click', act);
  return made;
}

/** Say so in `status`, and offer to keep what is here or to look at theirs, in a tab of its own. */
export function sayMeanwhile(status, keepMine) {
  const theirs = () => window.open(location.href, '_blank', 'noopener');
  status.replaceChildren(
    'Not saved: somebody else has saved this meanwhile, or you in another tab. ',
    button('Keep mine', keepMine), ' ', button('Look at theirs', theirs),
  );
}
