// What every page gets. All of it is an addition: without this file each page still works.

import './enabled.js'; // stays first: styles wait for its class
import { Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload, PasswordInput, Radios, createAll } from 'govuk-frontend';
import './conditions.js';
import './drafts.js';
import { followJob } from './job.js';
import { focusWhatWasSaid, keepPlace } from './place.js';
import { leadOnInPlace, leaveWithoutTrace } from './leave.js';
import { letterFollows } from './letter_live.js';
import { offerPrinting } from './print.js';
import { rowsGrow } from './rows.js';
import { sendOnce } from './send_once.js';
import { warnBeforeSignOut } from './session.js';
import { askBeforeLosing } from './unsaved.js';
import { keepForThisVisit } from './visit.js';

for (const component of [Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload, PasswordInput, Radios]) {
  createAll(component);
}
leadOnInPlace(); // before sendOnce, which leaves alone what was taken over
sendOnce();
askBeforeLosing(); // after sendOnce, which may hold a form back
keepForThisVisit();
leaveWithoutTrace();
followJob();
offerPrinting();
letterFollows();
rowsGrow();
warnBeforeSignOut();
if (!keepPlace()) focusWhatWasSaid();
