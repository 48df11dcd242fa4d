// Tabs by arrows, rows by letters.

const openers = () => every('#rows .opener');

function step(by) {
  const all = openers();
  const row = document.activeElement?.closest('#rows > li');
  const at = row ? all.findIndex((one) => row.contains(one)) : by > 0 ? -1 : 0;
  const next = all[at + by];
  if (!next) { if (by > 0 && state.page < lastPage()) { goTo(state.page + 1); openers()[0]?.focus(); } return; }
  next.focus({ preventScroll: true });
  next.closest('li').scrollIntoView({ block: 'nearest' });
}

function pressIn(row, selector) {
  const face = row?.querySelector(selector);
  face?.click();
  return Boolean(face);
}

async function playRow(row) {
  if (!row?.matches('.match')) return;
  if (pressIn(row, '.in-turn')) return;
  pressIn(row, '.opener[aria-expanded=false]');
  for (let i = 0; i < 100 && !row.querySelector('.in-turn'); i++) await new Promise((done) => setTimeout(done, 20));
  pressIn(row, '.in-turn');
}

const LETTERS = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => byId('text').focus(),
  p: (row) => playRow(row),
  a: (row) => { if (pressIn(row, '[data-choice=accept]')) step(1); },
  r: (row) => { if (pressIn(row, '[data-choice=reject]')) step(1); },
  u: (row) => { if (pressIn(row, '[data-choice=unsure]')) step(1); },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !byId('keys-on').checked) return;
  if (event.target.matches('input:not([type=checkbox]):not([type=range]), select, textarea')) return;
  const act = LETTERS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act(document.activeElement?.closest('#rows > li'));
}

function onTabKey(event) {
  const tabs = every('[role=tab]');
  const at = tabs.indexOf(event.target);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  tab.focus();
  tab.click();
}
