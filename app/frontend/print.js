// A button that prints: useless without scripts, so it stays hidden until they run.

/** Show buttons with data-print, and print when one is pressed. */
export function offerPrinting() {
  document.querySelectorAll('button[data-print]').forEach((button) => {
    button.hidden = false;
    button.addEventListener('click', () => print());
  });
}
