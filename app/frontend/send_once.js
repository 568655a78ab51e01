// A second press on a button must not send a form twice while the first is on its way. The server
// has its own guard; this one spares people the page that it would show.
//
// A form that answers with a download stays on its page: it says data-again. So does one whose answer
// opens in another tab.

const OPEN_AGAIN_AFTER = 10_000; // milliseconds; by then the network, not the person, is the problem

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll('[aria-disabled="true"][data-sending]').forEach((button) => {
    button.removeAttribute('aria-disabled');
    delete button.dataset.sending;
  });
}

/** Whether what is submitted is answered in another tab, so that its own page stays. */
export function opensAnother({ target: form, submitter }) {
  const where = submitter?.getAttribute('formtarget') ?? form.getAttribute('target') ?? '_self';
  return where !== '_self';
}

const releaseAll = () => document.querySelectorAll('form[data-sent]').forEach(release);

/** Hold back every further submit of a posted form until its answer is here. */
export function sendOnce() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    // Not form.method: a field called "method" would hide it.
    const posted = form.getAttribute('method')?.toLowerCase() === 'post';
    if (!posted || form.dataset.again !== undefined || opensAnother(event) || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = '1';
    if (event.submitter) {
      event.submitter.dataset.sending = '';
      event.submitter.setAttribute('aria-disabled', 'true'); // `disabled` would lose the button's value
    }
    setTimeout(release, OPEN_AGAIN_AFTER, form);
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) releaseAll();
  });
  // Who is asked whether to leave the page may stay, and then press again.
  addEventListener('beforeunload', (event) => setTimeout(() => { if (event.defaultPrevented) releaseAll(); }));
}
