// The table of passages: sorted by a column, filtered by element.

function sortBy(button) {
  const head = button.closest('th');
  const down = head.getAttribute('aria-sort') === 'ascending';
  every('th[aria-sort]', head.parentElement).forEach((th) => th.setAttribute('aria-sort', 'none'));
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const body = head.closest('table').tBodies[0];
  const value = (row) => Number(row.dataset[button.dataset.sort]);
  const sign = down ? -1 : 1;
  [...body.rows]
    .sort((one, two) => sign * (value(one) - value(two)) || value(one) - value(two) || one.dataset.order - two.dataset.order)
    .forEach((row) => body.append(row));
}

function filterBy(element) {
  const rows = every('.passages tbody tr');
  rows.forEach((row) => { row.hidden = element !== '' && !row.dataset.elements.split(' ').includes(element); });
  const shown = rows.filter((row) => !row.hidden).length;
  byId('filter-count').textContent = element ? `${shown} of ${rows.length}` : '';
}

function listenToTable() {
  every('.sort').forEach((button) => button.addEventListener('click', () => sortBy(button)));
  every('.do').forEach((button) =>
    button.addEventListener('click', () => playPassage(Number(button.dataset.passage), button.dataset.do)));
  const filter = byId('filter');
  if (filter) filter.addEventListener('change', () => filterBy(filter.value));
}
