// Elements, and numbers as people read them. Texts only ever become text nodes.

const SVG = 'http://www.w3.org/2000/svg';

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

const el = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) => filled(document.createElementNS(SVG, name), attributes, children);
const named = (text, cls = null) => el('bdi', { class: cls, dir: 'auto' }, text);
const button = (face, click, attributes = {}) => el('button', { type: 'button', click, ...attributes }, face);
const badge = (side) => el('span', { class: `badge ${side}` }, side.toUpperCase());
const count = (n) => n.toLocaleString('en');
const percent = (share) => `${Math.round(100 * share)} %`;

function clock(seconds, tenths = false) {
  const all = Math.round(seconds * (tenths ? 10 : 1));
  const whole = tenths ? Math.floor(all / 10) : all;
  const pad = (n) => String(n).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = tenths && all % 10 ? `.${all % 10}` : '';
  return (hours ? `${hours}:${pad(minutes)}` : minutes) + `:${pad(rest)}${tail}`;
}

function transposed(semitones) {
  if (semitones === null) return 'not stated';
  const folded = ((semitones + 5) % 12) - 5;
  if (folded === 0) return 'same key';
  const size = Math.abs(folded);
  return `B ${folded > 0 ? 'raised' : 'lowered'} by ${size} semitone${size > 1 ? 's' : ''}`;
}

function tempo(ratio) {
  if (ratio === null) return 'not stated';
  const share = 100 * (ratio - 1);
  if (Math.abs(share) < 0.05) return 'same tempo';
  const size = Math.abs(share) < 10 ? Math.abs(share).toFixed(1) : Math.abs(share).toFixed(0);
  return `A ${size} % ${share > 0 ? 'faster' : 'slower'} (${ratio.toFixed(3)})`;
}

function later(seconds) {
  if (Math.abs(seconds) < 0.05) return 'same place in both';
  return `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'later' : 'earlier'} in B`;
}

const list = (pairs) => el('dl', { class: 'facts' }, pairs.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
const flagWords = (flag) => facts.flags[flag] || flag.replaceAll('_', ' ');
const flagged = (flags) => flags.map((flag) => el('span', { class: 'flag', title: flagWords(flag) }, flag.replaceAll('_', ' ')));

// Two bars for two recordings on one scale, what matched in each, and a ribbon between.
function timeBars(query, reference, lengths) {
  const longest = Math.max(...lengths, query[1], reference[1], 1e-9);
  const x = (t) => (1000 * t) / longest;
  const wide = ([from, to]) => [x(from), Math.max(x(to), x(from) + 3)];
  const [[a0, a1], [b0, b1]] = [wide(query), wide(reference)];
  const bar = (side, y, length, from, to) => [
    svg('rect', { class: `length ${side}`, x: 0, y, width: x(length), height: 20 }),
    svg('rect', { class: `matched ${side}`, x: from, y, width: to - from, height: 20 }),
  ];
  const said = `A from ${clock(query[0])} to ${clock(query[1])}, B from ${clock(reference[0])} to ${clock(reference[1])}`;
  return svg(
    'svg',
    { class: 'time-bars', viewBox: '0 0 1000 88', preserveAspectRatio: 'none', role: 'img', 'aria-label': said },
    bar('a', 0, Math.max(lengths[0], query[1]), a0, a1),
    svg('path', { class: 'joined', d: `M${a0} 21C${a0} 44 ${b0} 44 ${b0} 67L${b1} 67C${b1} 44 ${a1} 44 ${a1} 21Z` }),
    bar('b', 68, Math.max(lengths[1], reference[1]), b0, b1),
  );
}
