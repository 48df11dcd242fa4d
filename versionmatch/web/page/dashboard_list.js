// What is chosen, in which order, and the page of it that is shown.

const AT_ONCE = 50;
const state = { view: 'matches', text: '', kinds: new Set(), least: 0, undecided: false, sort: '', page: 0 };
let chosen = [];
const orders = new Map();

function trouble(error) {
  byId('trouble').hidden = !error;
  byId('trouble').textContent = error ? error.message : '';
  if (error) byId('trouble').scrollIntoView({ block: 'center' });
}

// All rows of a view in an order, found once.
function ordered(view) {
  const sort = state.sort in views[view].sorts ? state.sort : Object.keys(views[view].sorts)[0];
  const name = `${view} ${sort}`;
  if (!orders.has(name)) {
    const all = Array.from({ length: views[view].size() }, (_, i) => i);
    const by = views[view].sorts[sort];
    if (by) {
      const keys = all.map(by);
      all.sort((i, j) => keys[i] - keys[j] || i - j);
    }
    orders.set(name, all);
  }
  return orders.get(name);
}

function choose() {
  const view = views[state.view];
  const words = plain(state.text).split(/\s+/).filter(Boolean);
  const wanted = (i) =>
    (!view.kind || !state.kinds.size || state.kinds.has(view.kind(i)))
    && (!view.score || view.score(i) >= state.least)
    && (!view.open || !state.undecided || view.open(i))
    && words.every((word) => view.holds(i, word));
  chosen = ordered(state.view).filter(wanted);
}

const lastPage = () => Math.max(0, Math.ceil(chosen.length / AT_ONCE) - 1);

function showRows() {
  state.page = Math.min(Math.max(0, state.page), lastPage());
  const start = state.page * AT_ONCE;
  const shown = chosen.slice(start, start + AT_ONCE);
  hush(byId('rows'));
  byId('rows').replaceChildren(...shown.map((i) => views[state.view].row(i)));
  showCount(start, shown.length);
  every('nav.pager').forEach(showPager);
}

function showCount(start, length) {
  const { words, size } = views[state.view];
  const all = size();
  const what = words[chosen.length === 1 ? 0 : 1];
  const part = chosen.length === all ? `${count(all)} ${what}` : `${count(chosen.length)} of ${count(all)} ${words[1]}`;
  const nothing = all ? `No ${words[0]} fits these filters.` : `There are no ${words[1]}.`;
  byId('count').textContent = chosen.length === 0 ? nothing
    : chosen.length > AT_ONCE ? `${part}, ${count(start + 1)} to ${count(start + length)} shown` : part;
}

function showPager(bar) {
  bar.hidden = chosen.length <= AT_ONCE;
  if (bar.hidden) return;
  const to = (page) => () => { goTo(page); if (bar.matches('#rows ~ nav')) byId('panel').scrollIntoView(); };
  const { page } = state;
  const field = el('input', { type: 'number', min: 1, max: lastPage() + 1, value: page + 1, 'aria-label': 'Page' });
  field.addEventListener('change', () => goTo(Math.round(Number(field.value)) - 1 || 0));
  const had = bar.contains(document.activeElement) ? document.activeElement.dataset.to : null;
  bar.replaceChildren(
    button('‹ Before', to(page - 1), { disabled: page === 0, 'data-to': 'before' }),
    el('label', {}, 'page ', field, ` of ${count(lastPage() + 1)}`),
    button('Next ›', to(page + 1), { disabled: page === lastPage(), 'data-to': 'next' }));
  if (had) (bar.querySelector(`[data-to=${had}]:not(:disabled)`) || field).focus();
}

function goTo(page) {
  state.page = page;
  showRows();
  writeHash();
}

let asked = 0;

// Reads what the view needs, then shows it; a later request makes an earlier one void.
async function show() {
  const mine = ++asked;
  const view = views[state.view];
  showTabs();
  try {
    await view.ready();
    if (mine !== asked) return;
    trouble(null);
    showFilters();
    choose();
    showRows();
  } catch (error) {
    if (mine !== asked) return;
    byId('count').textContent = '';
    byId('rows').replaceChildren();
    trouble(error);
  }
  document.documentElement.dataset.shown = state.view;
}

function refilter() {
  state.page = 0;
  choose();
  showRows();
  writeHash();
}

function showTabs() {
  every('[role=tab]').forEach((tab) => {
    const here = tab.dataset.view === state.view;
    tab.setAttribute('aria-selected', String(here));
    tab.tabIndex = here ? 0 : -1;
  });
  byId('panel').setAttribute('aria-labelledby', `tab-${state.view}`);
}

function showFilters() {
  const view = views[state.view];
  byId('text').value = state.text;
  byId('text').placeholder = view.search || 'title, artist, path or id';
  byId('least-part').hidden = !view.score;
  byId('least-name').textContent = view.least || '';
  byId('least').value = state.least;
  byId('least-out').textContent = state.least.toFixed(2);
  byId('undecided-part').hidden = !view.open;
  byId('undecided').checked = state.undecided;
  byId('review').hidden = !view.open;
  const sorts = Object.keys(view.sorts);
  byId('sort-part').hidden = sorts.length < 2;
  byId('sort').replaceChildren(...sorts.map((name) => el('option', { value: name, selected: name === state.sort }, SORTS[name])));
  byId('remark').textContent = view.remark ? view.remark() : '';
  byId('remark').hidden = !byId('remark').textContent;
  showKinds(view);
}

function showKinds(view) {
  const found = new Map();
  if (view.kind) for (let i = 0; i < view.size(); i++) found.set(view.kind(i), (found.get(view.kind(i)) || 0) + 1);
  byId('kinds').hidden = found.size < 2;
  const rank = (kind) => { const at = Object.keys(facts.signs).indexOf(kind); return at < 0 ? 99 : at; };
  const inOrder = [...found].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const chips = inOrder.map(([kind, n]) => {
    const box = el('input', { type: 'checkbox', value: kind, checked: state.kinds.has(kind) });
    box.addEventListener('change', () => { state.kinds[box.checked ? 'add' : 'delete'](kind); refilter(); });
    const sign = facts.signs[kind] ? [el('span', { class: 'sign', 'aria-hidden': 'true' }, facts.signs[kind]), ' '] : '';
    return el('label', { class: 'chip' }, box, ' ', sign, kind, ' ', el('span', { class: 'count' }, count(n)));
  });
  byId('kinds').replaceChildren(el('legend', { class: 'visually-hidden' }, view.kinds || 'Kinds'), ...chips);
}
