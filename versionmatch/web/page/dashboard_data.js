// The run's tables: script files beside the page, read when they are needed, unpacked once.

const byId = (id) => document.getElementById(id);
const every = (selector, root = document) => [...root.querySelectorAll(selector)];
const facts = JSON.parse(byId('data').textContent);
const reading = new Map();

function read(name) {
  if (!reading.has(name)) reading.set(name, load(name).then(() => unpack(name)));
  return reading.get(name);
}

function load(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `data/${name}.js`;
    script.onload = resolve;
    script.onerror = () => {
      reading.delete(name);
      reject(new Error(`data/${name}.js cannot be read. Keep the folder “data” beside this page, and open the page again.`));
    };
    document.head.append(script);
  });
}

async function unpack(name) {
  if (!window.DecompressionStream) throw new Error('This browser is too old to unpack the tables; use one from 2023 or later.');
  const packed = window.versionmatchData[name];
  delete window.versionmatchData[name];
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

const pieces = (view) =>
  Promise.all(Array.from({ length: facts.files[view] }, (_, i) => read(`${view}-${String(i + 1).padStart(5, '0')}`)));

// All pieces of a table as one set of columns.
async function whole(view) {
  const columns = {};
  for (const piece of await pieces(view)) {
    for (const [name, values] of Object.entries(piece)) (columns[name] = columns[name] || []).push(...values);
  }
  return columns;
}

// A match's details lie in the piece that its number falls into.
async function details(i) {
  const piece = await read(`matches-${String(Math.floor(i / facts.piece) + 1).padStart(5, '0')}`);
  const at = i % facts.piece;
  const part = (name, by) => (piece[name][at] === null ? null : piece[name][at] / by);
  return {
    query: [part('q_start', 100), part('q_end', 100)],
    reference: [part('r_start', 100), part('r_end', 100)],
    transpose: piece.transpose[at],
    tempo: part('tempo_ratio', 10000),
    coverage: [part('coverage_q', 1000), part('coverage_r', 1000)],
    p: piece.p_null[at],
    rank: piece.rank[at],
    method: piece.methods[piece.method[at]],
    model: piece.models[piece.model_id[at]],
  };
}

let columns = null; // of the recordings
const hay = []; // what of each is searched

async function readRecordings() {
  if (columns) return;
  columns = await read('recordings');
  setTimeout(warm, 400, 0);
}

// Gets ready to search, a little at a time, while the page is looked at.
function warm(from) {
  const end = Math.min(from + 2000, columns.id.length);
  for (let i = from; i < end; i++) holdsWord(i, '');
  if (end < columns.id.length) setTimeout(warm, 20, end);
}

function recording(i) {
  const folder = columns.folder[i];
  const title = columns.title[i];
  const file = columns.file[i];
  return {
    id: columns.id[i],
    title,
    file,
    artist: columns.artists[columns.artist[i]],
    path: folder < 0 ? null : columns.folders[folder] + file,
    duration: columns.tenths[i] === null ? null : columns.tenths[i] / 10,
    flags: columns.flags[i] || [],
    name: title || file || columns.id[i].slice(0, 12),
  };
}

// A text as it is searched: without accents and case. Most texts have none of the former, and are spared the work.
const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);
const plain = (text) => (isAscii(text) ? text : text.normalize('NFKD').replace(/\p{M}/gu, '')).toLowerCase();

function holdsWord(i, word) {
  if (hay[i] === undefined) {
    const { title, artist, path, id } = recording(i);
    hay[i] = plain([title, artist, path || '', id].join('\n'));
  }
  return hay[i].includes(word);
}
