// The four tables: how each is read, filtered, sorted and shown.

let matches = null;
let clusters = null;
let conflicts = null;
let errors = null;
const numbers = new Map(); // of recordings, by id

const KINDS = {
  one_audio_many_ids: 'one recording, many numbers',
  one_id_many_audio: 'one number, many recordings',
  invalid_id: 'invalid number',
  missing_id: 'missing number',
};

async function readMatches() {
  await readRecordings();
  matches = matches || (await read('index'));
}

async function readClusters() {
  await readRecordings();
  if (clusters) return;
  const rows = await whole('clusters');
  const byId_ = new Map();
  (rows.cluster || []).forEach((id, i) => {
    if (!byId_.has(id)) byId_.set(id, { id, members: [], confidence: rows.confidence[i] / 10000 });
    byId_.get(id).members.push({ number: rows.recording[i], role: rows.role[i], reason: rows.reason[i] });
  });
  clusters = [...byId_.values()];
}

async function readConflicts() {
  await readRecordings();
  if (!numbers.size) columns.id.forEach((id, i) => numbers.set(id, i));
  conflicts = conflicts || (await whole('conflicts'));
}

async function readErrors() { errors = errors || (await whole('errors')); }

function clusterRow(i) {
  const { id, members, confidence } = clusters[i];
  const first = recording(members[0].number);
  const face = [
    scoreFace(confidence),
    el('span', { class: 'pair' },
      el('span', { class: 'one' }, named(first.name, 'title'), first.artist ? named(first.artist, 'artist') : null, flagged(first.flags)), ' ',
      el('span', { class: 'one quiet' }, `cluster ${id.slice(0, 12)}`)),
    el('span', { class: 'what' }, el('span', { class: 'tier' }, `${members.length} files of one recording`)),
  ];
  const { opener, inside } = opening(face, () => [el('ul', { class: 'members' }, members.map(memberRow))]);
  return el('li', { class: 'cluster' }, el('div', { class: 'line' }, opener), inside);
}

function memberRow({ number, role, reason }) {
  const from = recording(number);
  return el('li', {},
    el('p', {}, el('span', { class: `role ${role === 'original' ? 'original' : ''}` }, role), ' ', named(from.name, 'title'),
      from.artist ? named(from.artist, 'artist') : null, from.duration === null ? '' : el('span', { class: 'quiet' }, ` ${clock(from.duration)}`)),
    el('p', { class: 'quiet' }, named(reason), from.path ? [' · ', named(from.path, 'path')] : ''),
    player(from, null, '', 'none'));
}

function conflictRow(i) {
  const ids = conflicts.recording_ids[i].split(' ');
  const known = (id) => (numbers.has(id) ? [named(recording(numbers.get(id)).name), ' '] : '');
  return el('li', { class: 'fact' },
    el('p', {}, el('span', { class: 'tier' }, KINDS[conflicts.kind[i]] || conflicts.kind[i]), ' ', el('b', {}, conflicts.number[i].toUpperCase()),
      ' ', conflicts.value[i] ? el('code', {}, conflicts.value[i]) : ''),
    el('p', {}, named(conflicts.about[i])),
    el('ul', { class: 'quiet' }, ids.map((id) => el('li', {}, known(id), el('code', { title: id }, id.slice(0, 12))))),
    el('p', { class: 'quiet' }, 'stands in ', named(conflicts.sources[i], 'path')));
}

function errorRow(i) {
  return el('li', { class: 'fact' },
    el('p', {}, el('span', { class: 'tier' }, el('code', {}, errors.code[i])), ' ', named(errors.path[i], 'path')),
    el('p', {}, named(errors.about[i])),
    errors.recording_id[i] ? el('p', { class: 'quiet' }, 'its sound could be read: ', el('code', {}, errors.recording_id[i])) : null);
}

const lower = (i, ...parts) => plain(parts.map((part) => part[i] || '').join('\n'));
const isOpen = (i) => !isDecided(columns.id[matches.query[i]], columns.id[matches.reference[i]]);

const views = {
  matches: {
    get words() { return matches.score.length === facts.pairs ? ['match', 'matches'] : ['row', 'rows']; }, // of pairs, some twice
    kinds: 'Relation', least: 'Least score', ready: readMatches, row: matchRow,
    size: () => matches.score.length,
    kind: (i) => matches.tiers[matches.tier[i]],
    score: (i) => matches.score[i] / 10000,
    open: isOpen,
    holds: (i, word) => holdsWord(matches.query[i], word) || holdsWord(matches.reference[i], word),
    sorts: { score: null, matched: (i) => -matches.matched[i], title: (i) => matches.query[i] },
  },
  clusters: {
    words: ['cluster', 'clusters'], least: 'Least confidence', ready: readClusters, row: clusterRow,
    size: () => clusters.length,
    score: (i) => clusters[i].confidence,
    holds: (i, word) => clusters[i].members.some(({ number }) => holdsWord(number, word)),
    sorts: { size: (i) => -clusters[i].members.length, score: (i) => -clusters[i].confidence, title: (i) => clusters[i].members[0].number },
  },
  conflicts: {
    words: ['conflict', 'conflicts'], kinds: 'Kind', ready: readConflicts, row: conflictRow, search: 'number, title, path or id',
    size: () => (conflicts.kind || []).length,
    kind: (i) => KINDS[conflicts.kind[i]] || conflicts.kind[i],
    holds: (i, word) => lower(i, conflicts.value, conflicts.about, conflicts.sources, conflicts.recording_ids).includes(word)
      || conflicts.recording_ids[i].split(' ').some((id) => numbers.has(id) && holdsWord(numbers.get(id), word)),
    remark: () => (facts.unlisted ? `${count(facts.missing)} recordings lack a number; ${count(facts.unlisted)} of these are not listed here, but stand in the table of conflicts.` : ''),
    sorts: { kind: null },
  },
  errors: {
    words: ['error', 'errors'], kinds: 'Code', ready: readErrors, row: errorRow, search: 'path, code or cause',
    size: () => (errors.path || []).length,
    kind: (i) => errors.code[i],
    holds: (i, word) => lower(i, errors.path, errors.about, errors.code, errors.recording_id).includes(word),
    sorts: { path: null },
  },
};
const SORTS = { score: 'score', matched: 'matched seconds', title: 'title', size: 'number of files', kind: 'kind', path: 'path' };
