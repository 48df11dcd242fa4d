// The address keeps what is shown; the filters change it.

function writeHash() {
  const said = new URLSearchParams();
  if (state.view !== 'matches') said.set('view', state.view);
  if (state.text) said.set('q', state.text);
  for (const kind of state.kinds) said.append('kind', kind);
  if (state.least > 0) said.set('least', state.least);
  if (state.undecided) said.set('undecided', '1');
  if (state.sort) said.set('sort', state.sort);
  if (state.page) said.set('page', state.page + 1);
  try { history.replaceState(null, '', `#${said}`); } catch { /* too many at once in some browsers; the next one holds */ }
}

function readHash() {
  const said = new URLSearchParams(location.hash.slice(1));
  const number = (name, otherwise) => (Number.isFinite(Number(said.get(name))) && said.get(name) ? Number(said.get(name)) : otherwise);
  Object.assign(state, {
    view: Object.hasOwn(views, said.get('view') || '') ? said.get('view') : 'matches',
    text: said.get('q') || '',
    kinds: new Set(said.getAll('kind')),
    least: Math.min(1, Math.max(0, number('least', 0))),
    undecided: said.get('undecided') === '1',
    sort: Object.hasOwn(SORTS, said.get('sort') || '') ? said.get('sort') : '',
    page: Math.max(0, Math.floor(number('page', 1)) - 1),
  });
}

function soon(act) {
  let waiting = 0;
  return () => { clearTimeout(waiting); waiting = setTimeout(act, 120); };
}

function listen() {
  const later_ = soon(refilter);
  byId('text').addEventListener('input', () => { state.text = byId('text').value; later_(); });
  byId('least').addEventListener('input', () => {
    state.least = Number(byId('least').value);
    byId('least-out').textContent = state.least.toFixed(2);
    later_();
  });
  byId('undecided').addEventListener('change', () => { state.undecided = byId('undecided').checked; refilter(); });
  byId('sort').addEventListener('change', () => { state.sort = byId('sort').value; refilter(); });
  every('[role=tab]').forEach((tab) => {
    tab.addEventListener('click', () => {
      Object.assign(state, { view: tab.dataset.view, kinds: new Set(), page: 0, sort: '' });
      writeHash();
      show();
    });
    tab.addEventListener('keydown', onTabKey);
  });
  byId('download').addEventListener('click', download);
  byId('load').addEventListener('click', () => byId('file').click());
  byId('file').addEventListener('change', loadFile);
  byId('skip').addEventListener('click', (event) => { event.preventDefault(); byId('panel').focus(); });
  document.addEventListener('keydown', onKey);
  window.addEventListener('hashchange', () => { readHash(); show(); });
}

restoreDecisions();
readHash();
listen();
show();
