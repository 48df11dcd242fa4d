// Decisions: kept in this browser under the run and the pair, and written to a file that can be applied.

const CHOICES = [['accept', 'Accept', '✓'], ['reject', 'Reject', '✕'], ['unsure', 'Unsure', '?']];
const ABOUT = { accept: 'It is as the match says', reject: 'Not a duplicate: never ask again', unsure: 'Look again later' };
const COLUMNS = ['query_id', 'ref_id', 'tier', 'decision', 'note', 'decided_at'];
const PREFIX = `versionmatch review ${JSON.stringify(facts.run)} `;
const decided = new Map();
let kept = true; // whether this browser keeps anything

const pairKey = (a, b) => JSON.stringify(a < b ? [a, b] : [b, a]);
const decisionOf = (a, b) => (decided.size ? decided.get(pairKey(a, b)) : undefined);
const isDecided = (a, b) => Boolean(decisionOf(a, b)?.decision);

function restoreDecisions() {
  for (const row of facts.decided) decided.set(pairKey(row.query_id, row.ref_id), row);
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const key = localStorage.key(i);
      if (key.startsWith(PREFIX)) decided.set(key.slice(PREFIX.length), JSON.parse(localStorage.getItem(key)));
    }
  } catch { kept = false; }
  showTally();
}

function keep(row) {
  const key = pairKey(row.query_id, row.ref_id);
  decided.set(key, row);
  try { localStorage.setItem(PREFIX + key, JSON.stringify(row)); } catch { kept = false; }
  showTally();
}

// The same choice once more takes it back; a note stays with the pair.
function decide(query, reference, tier, choice) {
  const before = decisionOf(query, reference);
  const decision = before?.decision === choice ? '' : choice;
  const decided_at = new Date().toISOString().replace(/\.\d+/, '');
  keep({ query_id: query, ref_id: reference, tier, decision, note: before?.note || null, decided_at });
  return decision;
}

function remark(query, reference, tier, note) {
  const before = decisionOf(query, reference) || { query_id: query, ref_id: reference, tier, decision: '', decided_at: null };
  keep({ ...before, note: note || null });
}

function showTally() {
  const all = [...decided.values()].filter((row) => row.decision);
  const each = CHOICES.map(([choice]) => [choice, all.filter((row) => row.decision === choice).length]).filter(([, n]) => n);
  const words = { accept: 'accepted', reject: 'rejected', unsure: 'unsure' };
  const sum = all.length === 0 ? 'Nothing decided yet.' : `${count(all.length)} decided: ${each.map(([c, n]) => `${count(n)} ${words[c]}`).join(', ')}.`;
  byId('tally').textContent = sum + (kept ? '' : ' This browser keeps nothing: download before you close the page.');
  byId('download').disabled = all.length === 0;
}

// RFC 4180; a text that a spreadsheet would run has an apostrophe before it, which the reader takes away.
function csvCell(value) {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function decisionsText() {
  const rows = [...decided.entries()].filter(([, row]) => row.decision).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name]))].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function download() {
  const url = URL.createObjectURL(new Blob([decisionsText()], { type: 'text/csv' }));
  const link = el('a', { href: url, download: 'decisions.csv' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// Rows of a file of decisions as cells; quoted cells may hold anything.
function csvRows(text) {
  const rows = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/y;
  for (let found; cell.lastIndex < text.length && (found = cell.exec(text)); ) {
    const value = found[1] === undefined ? found[2] : found[1].replaceAll('""', '"');
    rows[rows.length - 1].push(/^'[=+\-@\t\r]/.test(value) ? value.slice(1) : value);
    if (found[3] !== ',') rows.push([]);
  }
  return rows.filter((row) => row.some(Boolean));
}

// Decisions from a file, made here or on another machine, come over those of this browser.
function takeIn(text) {
  const [header, ...rows] = csvRows(text.replace(/^\ufeff/, ''));
  const absent = COLUMNS.slice(0, 4).find((name) => !header?.includes(name));
  if (absent) throw new Error(`This file has no column ${absent}; it is no decisions.csv.`);
  const made = rows.map((cells) => Object.fromEntries(COLUMNS.map((name) => [name, cells[header.indexOf(name)] || null])));
  const wrong = made.findIndex((row) => !row.query_id || !row.ref_id || !CHOICES.some(([choice]) => choice === row.decision));
  if (wrong >= 0) throw new Error(`Row ${wrong + 2} of this file is no decision; nothing was taken in.`);
  made.forEach(keep);
}

async function loadFile({ target }) {
  try {
    takeIn(await target.files[0].text());
    trouble(null);
  } catch (error) { trouble(error); }
  target.value = '';
  every('#rows li').forEach((row) => row.dispatchEvent(new Event('decided')));
}

// Three buttons for a pair, wherever it is shown.
function chooser(query, reference, tier) {
  const group = el('div', { class: 'choices', role: 'group', 'aria-label': 'Decision' });
  const show = () => {
    const now = decisionOf(query, reference)?.decision || '';
    every('button', group).forEach((one) => one.setAttribute('aria-pressed', String(one.dataset.choice === now)));
    group.closest('li')?.setAttribute('data-decided', now);
  };
  group.append(...CHOICES.map(([choice, word, sign]) =>
    button([el('span', { 'aria-hidden': 'true' }, sign), ' ', word], () => {
      decide(query, reference, tier, choice);
      every('#rows li').forEach((row) => row.dispatchEvent(new Event('decided')));
    }, { 'data-choice': choice, 'aria-pressed': 'false', title: ABOUT[choice] })));
  return { group, show };
}
