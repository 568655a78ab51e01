// What time it is, in the words of the pages: 10:41am, in London.

const parts = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit', hourCycle: 'h12', timeZone: 'Europe/London' });

export const timeWords = (at) => parts.format(at).replace(/\s+/g, '').toLowerCase();
