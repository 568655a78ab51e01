// Tells the styles that scripts run. GOV.UK Frontend's components look for both words.
document.body.classList.add('js-enabled', 'govuk-frontend-supported');
