// Which moment of one recording answers a moment of the other: through the passages' paths, or not at all.

const byId = (id) => document.getElementById(id);
const every = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = JSON.parse(byId('data').textContent);
const other = (side) => (side === 'a' ? 'b' : 'a');
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  const pad = (n) => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${pad(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

// A path as two columns, the first strictly ascending; of several answers to one moment, their mean.
function singleValued(path, here) {
  const known = [], answer = [];
  for (let i = 0; i < path.length; ) {
    let j = i, sum = 0;
    while (j < path.length && path[j][here] === path[i][here]) sum += path[j++][1 - here];
    known.push(path[i][here]);
    answer.push(sum / (j - i));
    i = j;
  }
  return { known, answer };
}

const passages = data.passages.map(({ path }) => ({
  a: singleValued(path, 0),
  b: singleValued(path, 1),
}));

const extent = (index, side) => {
  const { known } = passages[index][side];
  return [known[0], known[known.length - 1]];
};

const holds = (index, side, t) => {
  const [start, end] = extent(index, side);
  return t >= start && t <= end;
};

function answerIn(index, side, t) {
  const { known, answer } = passages[index][side];
  let low = 0, high = known.length - 1;
  if (high === 0) return answer[0];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (known[middle] <= t) low = middle; else high = middle;
  }
  const share = (t - known[low]) / (known[high] - known[low]);
  return answer[low] + share * (answer[high] - answer[low]);
}

// The passage that decides at a moment: the preferred one if it holds it, else the first in the agreed order.
function passageAt(side, t, preferred = -1) {
  if (preferred >= 0 && holds(preferred, side, t)) return preferred;
  const found = data.order.find((index) => holds(index, side, t));
  return found === undefined ? -1 : found;
}

function counterpart(side, t, preferred = -1) {
  const index = passageAt(side, t, preferred);
  return index < 0 ? null : answerIn(index, side, t);
}
