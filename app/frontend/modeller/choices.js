// What can be drawn: the palette and the menus offer what a procedure may be made of, and no more.

const NOT_OURS = /script-task|service-task|receive-task|manual-task|complex|transaction|ad-hoc|signal|error|escalation|compensation|conditional|link|cancel|terminate|message-(end|start|intermediate-throw)|timer-start|-throw|data-|group|event-subprocess|event-sub-process|replace-with-task$|call-activity-loop|toggle-loop|collapsed/;
const NOT_IN_PALETTE = ['create.data-object', 'create.data-store', 'create.group', 'create.intermediate-event'];

function without(entries) {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !NOT_OURS.test(key)));
}

function Choices(palette, contextPad, popupMenu, create, elementFactory, autoPlace) {
  const shape = (type) => elementFactory.createShape({ type });
  const entry = (type, className, title) => {
    const start = (event) => create.start(event, shape(type));
    return { group: 'activity', className, title, action: { dragstart: start, click: start } };
  };

  palette.registerProvider(500, {
    getPaletteEntries: () => (entries) => {
      for (const key of [...NOT_IN_PALETTE, 'create.task']) delete entries[key];
      return {
        ...entries,
        'create.user-task': entry('bpmn:UserTask', 'bpmn-icon-user-task', 'Somebody does it: a user task'),
        'create.send-task': entry('bpmn:SendTask', 'bpmn-icon-send-task', 'Send a letter or an alert'),
        'create.rule-task': entry('bpmn:BusinessRuleTask', 'bpmn-icon-business-rule', 'Ask a decision table'),
        'create.call-activity': entry('bpmn:CallActivity', 'bpmn-icon-call-activity', 'A stage: a diagram of its own'),
      };
    },
  });
  contextPad.registerProvider(500, {
    getContextPadEntries: (element) => (entries) => {
      if (!entries['append.append-task']) return entries;
      const append = () => autoPlace.append(element, shape('bpmn:UserTask'));
      entries['append.append-task'] = { ...entries['append.append-task'], className: 'bpmn-icon-user-task', title: 'Then somebody does this', action: { click: append, dragstart: (event) => create.start(event, shape('bpmn:UserTask'), { source: element }) } };
      delete entries['append.text-annotation'];
      return entries;
    },
  });
  popupMenu.registerProvider('bpmn-replace', 500, {
    getPopupMenuEntries: () => without,
    getPopupMenuHeaderEntries: () => (entries) => entries,
  });
}
Choices.$inject = ['palette', 'contextPad', 'popupMenu', 'create', 'elementFactory', 'autoPlace'];

export const vocabulary = { __init__: ['ourChoices'], ourChoices: ['type', Choices] };
